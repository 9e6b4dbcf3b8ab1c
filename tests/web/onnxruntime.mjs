// @ts-check
/** One forward pass of onnxruntime-web in this process, to compare with. Only the tests use it. */
import * as ort from 'onnxruntime-web';

ort.env.wasm.numThreads = 1;
ort.env.logLevel = 'error';

/**
 * The first output of a network with one input.
 * @param {string} network path of the .onnx file
 * @param {{shape: number[], data: Float32Array}} input
 * @returns {Promise<Float32Array>}
 */
export async function onnxruntimeForward(network, { shape, data }) {
    const session = await ort.InferenceSession.create(network, { executionProviders: ['wasm'] });
    try {
        const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', data, shape) };
        const output = (await session.run(feeds))[session.outputNames[0]];
        // A copy: the tensor may lie in the memory of the session.
        return Float32Array.from(/** @type {Float32Array} */ (output.data));
    } finally {
        await session.release();
    }
}

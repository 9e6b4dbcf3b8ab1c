// @ts-check
/** How a page with TensorFlow.js opens a network's file (bench/graph-model.mjs) and asks it. */

/** @param {any} tf @param {number} threads */
export async function startBackend(tf, threads) {
    tf.wasm.setWasmPaths('/tfjs/');
    tf.wasm.setThreadsCount(threads);
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', threads > 1);
    await tf.setBackend('wasm');
    await tf.ready();
}

/** Channels last, as the backend wants them. @param {any} tf @param {Float32Array} planes @param {number} size */
export const toTensor = (tf, planes, size) => tf.transpose(tf.tensor4d(planes, [1, 3, size, size]), [0, 2, 3, 1]);

/** What first-result.js calls. @param {any} tf @param {(address: string) => Promise<any>} loadGraphModel */
export function openGraphModel(tf, loadGraphModel) {
    /** @type {any} */
    let network;
    return {
        /** @param {{threads: number, model: string}} options */
        async open({ threads, model }) {
            await startBackend(tf, threads);
            network = await loadGraphModel(`/networks-tfjs/${model}/model.json`);
        },
        /** The output for a picture. @param {Float32Array} planes @param {number} size */
        async classify(planes, size) {
            return tf.tidy(() => network.predict(toTensor(tf, planes, size)).dataSync());
        },
    };
}

// @ts-check
/** onnxruntime-web in a page of its own: what bench/browser.mjs calls is at window.peer. */
import { firstResult } from './first-result.js';
import { fillPicture } from './input.js';

/** @type {any} */
let ort;
/** @type {any} */
let session;

/** @param {number} threads */
async function load(threads) {
    // An address, so that neither bundler nor checker looks for the file.
    const address = '/ort/ort.wasm.min.mjs';
    ort = await import(/* @vite-ignore */ address);
    ort.env.wasm.wasmPaths = '/ort/';
    ort.env.wasm.numThreads = threads;
}

/** @param {number} size */
function feeds(size) {
    return { [session.inputNames[0]]: new ort.Tensor('float32', fillPicture(size), [1, 3, size, size]) };
}

/** @type {any} */ (window).peer = {
    /** @param {{threads: number, model: string}} options */
    async open({ threads, model }) {
        if (!ort) await load(threads);
        await session?.release();
        session = await ort.InferenceSession.create(`/networks/${model}.onnx`, { executionProviders: ['wasm'] });
    },
    /** The first output for a picture. @param {Float32Array} planes @param {number} size */
    async classify(planes, size) {
        const [name] = session.outputNames;
        return (await session.run({ [session.inputNames[0]]: new ort.Tensor('float32', planes, [1, 3, size, size]) }))[name].data;
    },
    /**
     * Milliseconds of each of some repetitions.
     * @param {{task: string, size: number, occlusion: {positions: number, measured: number}}} row
     * @param {number} repetitions
     */
    async measure({ task, size, occlusion: { positions, measured } }, repetitions) {
        // There is no way to an occlusion map but one pass for each position: a batch is not faster, since a
        // picture fills the threads.
        const [passes, share] = task === 'occlusion' ? [measured, measured / positions] : [1, 1];
        const input = feeds(size);
        const times = [];
        for (let i = 0; i < repetitions; i++) {
            const start = performance.now();
            for (let pass = 0; pass < passes; pass++) await session.run(input);
            times.push((performance.now() - start) / share);
        }
        return times;
    },
};

await firstResult();

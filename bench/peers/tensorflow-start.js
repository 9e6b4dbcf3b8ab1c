// @ts-check
/** TensorFlow.js as a page uses it that opens a network's file (bench/graph-model.mjs). */
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { firstResult } from './first-result.js';
import { startBackend, tf, toTensor } from './tensorflow-backend.js';

/** @type {any} */
let network;

/** @type {any} */ (window).peer = {
    /** @param {{threads: number, model: string}} options */
    async open({ threads, model }) {
        await startBackend(threads);
        network = await loadGraphModel(`/networks-tfjs/${model}/model.json`);
    },
    /** The output for a picture. @param {Float32Array} planes @param {number} size */
    async classify(planes, size) {
        return tf.tidy(() => network.predict(toTensor(planes, size)).dataSync());
    },
};

await firstResult();

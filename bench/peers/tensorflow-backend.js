// @ts-check
/** TensorFlow.js with its wasm backend. */
import * as core from '@tensorflow/tfjs-core';

/**
 * The backend makes the program of its threads from its own text, which a bundler breaks: it comes as the
 * package's script, which looks for the core at window.tf and adds itself there.
 */
export const tf = /** @type {any} */ (window).tf = /** @type {any} */ ({ ...core });
const loaded = new Promise((done, fail) => {
    const script = document.createElement('script');
    Object.assign(script, { src: '/tfjs/tf-backend-wasm.es2017.min.js', onload: done, onerror: fail });
    document.head.append(script);
});

/** @param {number} threads */
export async function startBackend(threads) {
    await loaded;
    tf.wasm.setWasmPaths('/tfjs/');
    tf.wasm.setThreadsCount(threads);
    tf.env().set('WASM_HAS_MULTITHREAD_SUPPORT', threads > 1);
    await tf.setBackend('wasm');
    await tf.ready();
}

/** Channels last, as the backend wants them. @param {Float32Array} planes @param {number} size */
export const toTensor = (planes, size) => tf.transpose(tf.tensor4d(planes, [1, 3, size, size]), [0, 2, 3, 1]);

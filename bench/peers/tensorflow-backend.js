// @ts-check
/** TensorFlow.js' core, where its wasm backend finds it. */
import * as core from '@tensorflow/tfjs-core';

/**
 * The backend makes the program of its threads from its own text, which a bundler breaks: it comes as the
 * package's script, which looks for the core at window.tf and adds itself there.
 */
export const tf = /** @type {any} */ (window).tf = /** @type {any} */ ({ ...core });
export const loaded = new Promise((done, fail) => {
    const script = document.createElement('script');
    Object.assign(script, { src: '/tfjs/tf-backend-wasm.es2017.min.js', onload: done, onerror: fail });
    document.head.append(script);
});

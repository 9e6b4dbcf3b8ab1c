// @ts-check
/** TensorFlow.js by the two scripts that the documentation of its wasm backend names. */
import { firstResult } from './first-result.js';
import { openGraphModel } from './tensorflow-open.js';

const { tf } = /** @type {any} */ (window);
/** @type {any} */ (window).peer = openGraphModel(tf, tf.loadGraphModel);

await firstResult();

// @ts-check
/** TensorFlow.js cut down to what opening a network's file takes: its core, its wasm backend and its loader. */
import { loadGraphModel } from '@tensorflow/tfjs-converter';
import { firstResult } from './first-result.js';
import { loaded, tf } from './tensorflow-backend.js';
import { openGraphModel } from './tensorflow-open.js';

const { open, classify } = openGraphModel(tf, loadGraphModel);
/** @type {any} */ (window).peer = { open: (/** @type {any} */ options) => loaded.then(() => open(options)), classify };

await firstResult();

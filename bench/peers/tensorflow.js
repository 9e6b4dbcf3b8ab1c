// @ts-check
/**
 * TensorFlow.js on its wasm backend in a page of its own: what bench/browser.mjs calls is at window.peer.
 * It opens no ONNX, so the networks are written down here with its operations, as fused as it offers them,
 * with normalisation folded into the convolutions.
 */
import '@tensorflow/tfjs-core/dist/register_all_gradients.js';
import { fillPicture, fillRandom } from './input.js';
import { loaded, tf } from './tensorflow-backend.js';
import { startBackend, toTensor } from './tensorflow-open.js';

/** @typedef {any} Tensor */
/** @typedef {(x: Tensor) => Tensor} Layer */

/**
 * A convolution with random weights, He-scaled.
 * @param {number} from @param {number} to @param {number} kernel
 * @param {{stride?: number, pad?: number | 'same' | 'valid', activation?: 'relu' | 'linear'}} [options]
 * @returns {Layer}
 */
function conv(from, to, kernel, { stride = 1, pad = 'same', activation = 'relu' } = {}) {
    const data = new Float32Array(kernel * kernel * from * to);
    const filter = tf.tensor4d(fillRandom(data, Math.sqrt(6 / (kernel * kernel * from))), [kernel, kernel, from, to]);
    const bias = tf.zeros([to]);
    // Without an activation the fused one asks for the gradient of its filter, which the backend does not have.
    if (activation === 'linear') return (x) => tf.add(tf.conv2d(x, filter, stride, pad), bias);
    return (x) => tf.fused.conv2d({ x, filter, strides: stride, pad, bias, activation });
}

/** @param {number} kernel @param {number} stride @param {number | 'same' | 'valid'} pad @returns {Layer} */
const maxPool = (kernel, stride, pad = 'valid') => (x) => tf.maxPool(x, kernel, stride, pad);

/** Simonyan & Zisserman 2015, table 1, column D. @returns {Layer[]} 31, as torchvision numbers them */
function vgg16() {
    const layers = [];
    let from = 3;
    for (const [to, count] of [[64, 2], [128, 2], [256, 3], [512, 3], [512, 3]]) {
        for (let i = 0; i < count; i++) {
            // Two layers, of which the second is done by the first: so that numbers are torchvision's.
            layers.push(conv(from, to, 3), (/** @type {Tensor} */ x) => x);
            from = to;
        }
        layers.push(maxPool(2, 2));
    }
    return layers;
}

/** He et al. 2016, table 1, 18 layers. @returns {Layer[]} */
function resnet18() {
    const layers = [conv(3, 64, 7, { stride: 2, pad: 3 }), maxPool(3, 2, 1)];
    let from = 64;
    for (const to of [64, 128, 256, 512]) {
        for (let i = 0; i < 2; i++) {
            const stride = i === 0 && to > 64 ? 2 : 1;
            const first = conv(from, to, 3, { stride, pad: 1 });
            const second = conv(to, to, 3, { activation: 'linear' });
            const shortcut = stride > 1 ? conv(from, to, 1, { stride, pad: 0, activation: 'linear' }) : null;
            layers.push((x) => tf.relu(tf.add(second(first(x)), shortcut ? shortcut(x) : x)));
            from = to;
        }
    }
    const weights = tf.tensor2d(fillRandom(new Float32Array(512 * 1000), 0.1), [512, 1000]);
    layers.push((x) => tf.matMul(tf.mean(x, [1, 2]), weights));
    return layers;
}

/** Iandola et al. 2016 in its version 1.1. @returns {Layer[]} */
function squeezenet() {
    /** @param {number} from @param {number} squeeze @param {number} expand @returns {Layer} */
    const fire = (from, squeeze, expand) => {
        const [s, e1, e3] = [conv(from, squeeze, 1), conv(squeeze, expand, 1), conv(squeeze, expand, 3)];
        return (x) => {
            const y = s(x);
            return tf.concat([e1(y), e3(y)], 3);
        };
    };
    return [
        conv(3, 64, 3, { stride: 2, pad: 'valid' }),
        maxPool(3, 2), fire(64, 16, 64), fire(128, 16, 64),
        maxPool(3, 2), fire(128, 32, 128), fire(256, 32, 128),
        maxPool(3, 2), fire(256, 48, 192), fire(384, 48, 192), fire(384, 64, 256), fire(512, 64, 256),
        conv(512, 1000, 1),
        (x) => tf.mean(x, [1, 2]),
    ];
}

const tiny = () => [conv(3, 8, 3), maxPool(2, 2), conv(8, 16, 1), (/** @type {Tensor} */ x) => tf.mean(x, [1, 2])];

/** @type {Record<string, () => Layer[]>} */
const NETWORKS = { vgg16_features: vgg16, resnet18, squeezenet1_1: squeezenet, tiny };

/** @type {Layer[]} */
let layers;

/** The layer's place in torchvision's list. @param {string} node */
const placeOf = (node) => Number(node.match(/\d+/)?.[0]);

/** @param {Tensor} x @param {number} [last] */
function forward(x, last = layers.length - 1) {
    return layers.slice(0, last + 1).reduce((y, layer) => layer(y), x);
}

/** What the gradient is taken of. @param {string} target as the command line writes it */
function objective(target) {
    const [kind, node] = target.split(':');
    if (kind === 'layer') return (/** @type {Tensor} */ x) => tf.mul(tf.sum(tf.square(forward(x, placeOf(node)))), 0.5);
    return (/** @type {Tensor} */ x) => tf.sum(tf.slice(forward(x), [0, Number(node)], [1, 1]));
}

/** @param {Tensor} y [1,H,W,C] */
function gram(y) {
    const [, height, width, channels] = y.shape;
    const flat = tf.reshape(y, [height * width, channels]);
    return tf.div(tf.matMul(flat, flat, true, false), height * width * channels);
}

/** One step of style transfer with Adam. @param {Tensor} x @param {string[]} nodes of the Gram matrices */
function makeStep(x, nodes) {
    const places = nodes.map(placeOf);
    const image = tf.variable(x);
    const optimizer = tf.train.adam(0.02);
    /** @param {Tensor} from */
    const grams = (from) => {
        const found = [];
        let y = from;
        for (let i = 0; i <= places[places.length - 1]; i++) {
            y = layers[i](y);
            if (places.includes(i)) found.push(gram(y));
        }
        return found;
    };
    const wanted = tf.tidy(() => grams(tf.mul(x, 0.5)));
    const loss = () => tf.addN(grams(image).map((g, i) => tf.sum(tf.squaredDifference(g, wanted[i]))));
    return () => {
        const value = optimizer.minimize(loss, true, [image]);
        value.dataSync();
        value.dispose();
    };
}

/** One repetition of a task. @param {any} row */
function makeWork({ task, size, target, styleLayers }) {
    const x = toTensor(tf, fillPicture(size), size);
    if (task === 'style') return makeStep(x, styleLayers);
    const derive = task === 'gradient' ? tf.grad(objective(target)) : forward;
    return () => void tf.tidy(() => derive(x).dataSync());
}

/** @type {any} */ (window).peer = {
    /** @param {{threads: number, model: string}} options */
    async open({ threads, model }) {
        await loaded;
        await startBackend(tf, threads);
        layers = NETWORKS[model]();
    },
    /**
     * Milliseconds of each of some repetitions.
     * @param {any} row @param {number} repetitions
     */
    async measure(row, repetitions) {
        tf.engine().startScope();
        const work = makeWork(row);
        const times = [];
        for (let i = 0; i < repetitions; i++) {
            const start = performance.now();
            work();
            times.push(performance.now() - start);
        }
        tf.engine().endScope();
        return times;
    },
};

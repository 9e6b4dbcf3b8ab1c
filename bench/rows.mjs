// @ts-check
/**
 * What is measured: the table of rows. A ratio is our median by that of the better peer on as many
 * threads; `required` is the highest that passes, `aim` the one that is hoped for.
 *
 * @typedef {'forward' | 'gradient' | 'style' | 'occlusion' | 'start' | 'memory'} Task
 * @typedef {object} Row
 * @property {string} id what --only selects by
 * @property {string} title
 * @property {Task} task
 * @property {string} model name in bench/networks.py
 * @property {number} size of the picture
 * @property {string} [target] SPEC of the gradient
 * @property {('onnxruntime' | 'tensorflow')[]} peers those that can do it
 * @property {'tensorflow-cut'[]} [besides] measured and told, but not what the ratio is to
 * @property {number} [required]
 * @property {number} [aim]
 */

/** The layers of Gatys et al. 2016, section 2: relu1_1 to relu5_1. */
export const STYLE_LAYERS = ['/1/Relu', '/6/Relu', '/11/Relu', '/18/Relu', '/25/Relu'];

/**
 * Side of the square that hides a part, and its step: 14 x 14 positions at 224. A peer passes them one by one, which
 * takes as long each time: it is measured for some of them, and its time is theirs times positions / measured.
 */
export const OCCLUSION = { patch: 16, positions: 196, measured: 28 };

/** @type {Row[]} */
export const ROWS = [
    row('forward', 'vgg16_features', 'VGG-16 features', ['onnxruntime', 'tensorflow'], 0.4, 0.28),
    row('forward', 'resnet18', 'ResNet-18', ['onnxruntime', 'tensorflow'], 0.55, 0.42),
    row('forward', 'resnet50', 'ResNet-50', ['onnxruntime'], 0.85, 0.65),
    row('forward', 'googlenet', 'GoogLeNet', ['onnxruntime'], 0.7, 0.55),
    row('forward', 'squeezenet1_1', 'SqueezeNet 1.1', ['onnxruntime', 'tensorflow'], 0.8, 0.6),
    row('forward', 'mobilenet_v2', 'MobileNet v2', ['onnxruntime'], 0.8, 0.65),
    gradient('vgg16_features', 'VGG-16 to relu5_3', 'layer:/29/Relu', 224, 0.065, 0.045),
    gradient('vgg16_features', 'VGG-16 to relu3_1 at 180', 'layer:/11/Relu', 180, 0.06, 0.04),
    gradient('squeezenet1_1', 'SqueezeNet 1.1 logit', 'class:0', 224, 0.11, 0.08),
    gradient('resnet18', 'ResNet-18 logit', 'class:0', 224, 0.1, 0.07),
    row('style', 'vgg16_features', 'one step, VGG-16, 5 Gram layers', ['tensorflow'], 0.075, 0.05),
    row('occlusion', 'squeezenet1_1', '196 positions, SqueezeNet 1.1', ['onnxruntime'], 0.6, 0.3),
    {
        ...row('start', 'squeezenet1_1', 'page open to first SqueezeNet result', ['onnxruntime', 'tensorflow'], 0.5, 0.35),
        besides: ['tensorflow-cut'],
    },
    row('memory', 'vgg16', 'renderer at most, VGG-16 with head, MiB', ['onnxruntime'], 0.4, 0.35),
];

/** The row of the benchmark's own test. */
export const SMOKE = row('forward', 'tiny', 'a tiny network', ['onnxruntime', 'tensorflow']);

/**
 * @param {Task} task @param {string} model @param {string} title @param {Row['peers']} peers
 * @param {number} [required] @param {number} [aim] @returns {Row}
 */
function row(task, model, title, peers, required, aim) {
    return { id: `${task}-${model}`, title: `${task}, ${title}`, task, model, size: 224, peers, required, aim };
}

/**
 * @param {string} model @param {string} title @param {string} target @param {number} size
 * @param {number} required @param {number} aim @returns {Row}
 */
function gradient(model, title, target, size, required, aim) {
    const { id, ...rest } = row('gradient', model, title, ['tensorflow'], required, aim);
    const layer = title.match(/relu\d_\d/)?.[0];
    return { ...rest, id: layer ? `${id}-${layer}` : id, target, size };
}

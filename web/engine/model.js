// @ts-check
/** An opened network, as the page holds it. */
import { ConvoscopeError } from './errors.js';
import { sendable, sendableSet } from './image.js';
import { Run } from './run.js';

/**
 * @typedef {{size: [number, number], stride: [number, number], start: [number, number]}} Field receptive field
 *     of one unit in pixels of the input, [height, width]
 * @typedef {{name: string, op: string, output: string, inputs: string[], shape: number[], parameters: number,
 *     macs: number, detail: string, folded: boolean, bytes: number, field: Field | null}} Layer
 * @typedef {{size: string, channels: string, mean: string, std: string, range: string, resize: string,
 *     source: string}} Preprocessing
 * @typedef {{op: string, node: string, domain?: string, opset: number, remedy: string}} Unsupported operator
 * @typedef {{index: number, label: string | null, probability: number, logit: number}} Class
 * @typedef {{classes: Class[], input: {width: number, height: number, data: Float32Array}, nonfinite: string | null,
 *     seconds: number}} Look
 * @typedef {{name: string, shape: number[], data: Float32Array,
 *     stats: {min: number, max: number, mean: number, deviation: number, nonfinite: number}}} Activation
 * @typedef {{name: string, blob: Blob}} Beside a file that was picked with the network
 * @typedef {{name: string, file: Blob | Uint8Array, files: Beside[],
 *     settings: [string, string][]}} Source
 * @typedef {{model: number, description: any, memory: number}} Opened
 */

export class Model {
    /** @type {Layer[]} */ layers = [];
    /** @type {string[]} */ labels = [];
    /** @type {Preprocessing} */ preprocessing = /** @type {any} */ ({});
    /** @type {{name: string, shape: number[]}} */ input = /** @type {any} */ ({});
    /** @type {{name: string, shape: number[]}[]} */ outputs = [];
    /** Operators that are not supported: `layers` are those that can run without them. @type {Unsupported[]} */
    unsupported = [];
    /** What is out of reach for them, in a sentence; null where the network can be run. @type {string | null} */
    error = null;
    name = '';
    bytes = 0;
    parameters = 0;
    macs = 0;
    /** Bytes of the activations. */
    memory = 0;

    #link;
    #source;
    #generation;
    #closed = false;
    /** @type {Promise<any>} */
    #sent = Promise.resolve();
    /** @type {Promise<number>} */
    #handle;
    /** What to repeat in a new core, so that its activations are there again. @type {[string, any] | null} */
    #seen = null;

    /**
     * @param {import('./link.js').Link} link
     * @param {Source} source kept, to open the network again when the core had to be replaced
     * @param {Opened} opened
     */
    constructor(link, source, opened) {
        this.#link = link;
        this.#source = source;
        this.#generation = link.generation;
        this.#handle = Promise.resolve(opened.model);
        this.#describe(opened.description);
    }

    /** Size, channels, mean, std, range, resize: texts as in the model's metadata, numbers or arrays of them.
     * @param {Record<string, any>} values */
    async setPreprocessing(values) {
        const settings = settingsOf(values);
        this.#describe(await this.#call('set', { settings }));
        this.#source.settings.push(...settings);
        this.#seen = null;
    }

    /**
     * Looks at a picture: its classes, and the input as the network sees it. What layers gave can be asked for afterwards.
     * @param {any} image @param {{top?: number}} [options] @returns {Promise<Look>}
     */
    async look(image, { top = 5 } = {}) {
        return this.#see('look', sendable(image).then((sent) => ({ image: sent, top })));
    }

    /** @param {any} image @param {{top?: number}} [options] @returns {Promise<Class[]>} */
    async classify(image, options) {
        return (await this.look(image, options)).classes;
    }

    /**
     * Raw tensor in, raw tensor out, with no preprocessing. What layers gave can be asked for afterwards.
     * @param {Float32Array} data @param {{height?: number, width?: number}} [size] @returns {Promise<Float32Array>}
     */
    async forward(data, size = {}) {
        return (await this.#see('forward', { data: floats(data), size })).data;
    }

    /**
     * Gradient of a target with respect to a raw input.
     * @param {Float32Array} data
     * @param {{target?: string, rule?: 'exact' | 'guided' | 'deconvnet' | 'redirected', height?: number, width?: number}} [options]
     * @returns {Promise<Float32Array>}
     */
    async gradient(data, { target = 'class:top', rule = 'exact', ...size } = {}) {
        const options = { target, rule, ...size };
        return (await this.#call('gradient', { data: floats(data), options })).data;
    }

    /** What a layer gave in the last look. @param {string} layer @returns {Promise<Activation>} */
    async activation(layer) {
        return this.#call('activation', { layer });
    }

    /** For each layer that has maps the liveliest, at most 64 × 64.
     * @returns {Promise<{name: string, width: number, height: number, data: Float32Array}[]>} */
    async thumbnails() {
        return this.#call('thumbnails', {});
    }

    /** @param {string} layer @returns {Promise<{shape: number[], data: Float32Array, bias: Float32Array | null} | null>} */
    async weights(layer) {
        return this.#call('weights', { layer });
    }

    /**
     * Seconds of each layer that is run, forward and backward, medians of `runs` passes, and the operations per
     * second that this machine reaches at best. The worker is busy until it is done.
     * @param {{height?: number, width?: number, runs?: number}} [options]
     * @returns {Promise<{peak: number, layers: {name: string, op: string, detail: string, macs: number,
     *     algorithm?: [string, string], forward: number, backward: number}[]}>} algorithm: forward and backward
     */
    async profile(options = {}) {
        return this.#call('profile', { options });
    }

    /**
     * @param {string} technique its id
     * @param {{image?: any, style?: any, images?: any[]} & Record<string, any>} [options] pictures and parameters:
     *     `image`, `style`, then `images`, each an image or {image, name, group}
     * @param {{signal?: AbortSignal, onProgress?: (progress: import('./run.js').Progress) => void}} [how]
     */
    run(technique, options = {}, how = {}) {
        const { image, style, images: more = [], ...params } = options;
        const given = [image, style, ...more].filter((picture) => picture != null);
        return new Run(async (hooks) => {
            const images = await sendableSet(given, this.preprocessing.size);
            const model = await this.#attach();
            return this.#link.begin('run', { model, technique, params, images }, hooks);
        }, how);
    }

    /** Gives the network's memory back; its runs end. */
    async close() {
        if (this.#closed) return;
        this.#closed = true;
        if (this.#generation !== this.#link.generation) return;
        const model = await this.#handle;
        const { memory } = await this.#link.call('close', { model });
        this.#link.recycle(memory);
    }

    /** @param {string} method @param {any} args */
    async #see(method, args) {
        const seen = await this.#call(method, args);
        this.#seen = [method, await args];
        return seen;
    }

    /**
     * Calls reach the worker in the order in which they were made, however long a picture takes to prepare.
     * @param {string} method @param {any} args or a promise of them
     */
    async #call(method, args) {
        const sent = this.#sent.then(async () => {
            const ready = await args;
            const model = await this.#attach();
            return { reply: this.#link.begin(method, { model, ...ready }).reply };
        });
        this.#sent = sent.catch(() => {});
        return (await sent).reply;
    }

    /** The network's handle in the present core, opening it there if need be. */
    async #attach() {
        if (this.#closed) throw new ConvoscopeError('closed', `“${this.name}” was closed: open it again.`);
        await this.#link.ready();
        if (this.#generation !== this.#link.generation) {
            this.#generation = this.#link.generation;
            this.#handle = this.#reopen();
            this.#handle.catch(() => { this.#generation = 0; });
        }
        return this.#handle;
    }

    async #reopen() {
        const { model, description } = await this.#link.begin('open', this.#source).reply;
        this.#describe(description);
        if (this.#seen) {
            const [method, args] = this.#seen;
            await this.#link.begin(method, { model, ...args }).reply;
        }
        return model;
    }

    /** @param {any} description */
    #describe(description) {
        Object.assign(this, { error: null, unsupported: [] }, description);
        this.labels ??= [];
    }
}

/** @param {any} data */
function floats(data) {
    if (data instanceof Float32Array) return data;
    throw new ConvoscopeError('bad-input', 'The input must be a Float32Array.');
}

/**
 * Preprocessing keys as texts: [224, 224] is 224x224, other arrays are lists, labels are lines.
 * @param {Record<string, any>} values
 * @returns {[string, string][]}
 */
export function settingsOf(values) {
    const joint = (/** @type {string} */ key) => ({ size: 'x', labels: '\n' })[key] ?? ',';
    return Object.entries(values).filter(([key, value]) => value != null && key !== 'source').map(([key, value]) =>
        [key.replace(/^convoscope\./, ''), Array.isArray(value) ? value.join(joint(key)) : String(value)]);
}

// @ts-check
/** The engine as the page holds it: one worker, and the networks opened in it. */
import { gatherFile } from '../gather.js';
import { ConvoscopeError } from './errors.js';
import { isIsolated, requireBrowser } from './features.js';
import { Link } from './link.js';
import { Model, settingsOf } from './model.js';
import { PictureSet } from './picture-set.js';

/** Share of the work of opening an address that fetching is. */
const FETCHING = 0.8;

export class Convoscope {
    #link;

    /**
     * @param {Link} link
     * @param {import('./link.js').Greeting} greeting
     */
    constructor(link, { threads, version, kind, techniques = [], colormaps = {} }) {
        this.#link = link;
        /** The table of techniques, as the command line prints it. @type {any[]} */
        this.techniques = techniques;
        /** 256 RGB triples each. @type {Record<string, Uint8Array>} */
        this.colormaps = colormaps;
        this.info = { simd: true, kind, threads, isolated: isIsolated(), version };
    }

    /**
     * Starts a worker with the core in it.
     * @param {{threads?: number | 'auto', fused?: boolean, base?: string | URL, quick?: boolean, worker?: Worker | null,
     *     spawn?: () => Worker, patience?: number}} [options] `fused`: false never uses fused multiply-add; `base`: the folder with
     *     simd/, threads/, ..., `wasm/` beside the page unless given; `quick`: leaves threads, `techniques` and `colormaps` for
     *     `complete`, so that a network can be opened and looked at sooner; `worker`: one that was
     *     made already; `spawn`: makes the worker, `patience`: ms that a part of the start that needs no network may take, for tests
     */
    static async create({ threads = 'auto', fused = true, base, quick, worker, spawn, patience } = {}) {
        requireBrowser();
        const folder = String(base ?? new URL('wasm/', document.baseURI));
        const link = new Link({ base: folder, threads, fused, quick, worker, spawn, patience });
        return new Convoscope(link, await link.ready());
    }

    /** After a quick start: makes the threads, and fills in `techniques` and `colormaps`. Calls wait for it. */
    async complete() {
        const { techniques = [], colormaps = {}, threads } = await this.#link.complete();
        Object.assign(this, { techniques, colormaps, info: { ...this.info, threads } });
    }

    /**
     * The file at an address, for `open`: needs no core, so that it can come while that starts.
     * @param {string | URL} address @param {(progress: {done: number}) => void} [onProgress] 0 to 1
     * @param {(address: string | URL) => Promise<Response>} [ask] in place of the browser's fetch
     * @returns {Promise<Blob | Uint8Array>}
     */
    static fetch(address, onProgress, ask) {
        return fetchFile(address, (done) => onProgress?.({ done }), ask);
    }

    /**
     * @param {Blob | ArrayBuffer | ArrayBufferView | string | URL} source a file, its bytes or its address
     * @param {object} [options]
     * @param {string} [options.name] for messages, where the source has none
     * @param {File[]} [options.files] files beside it: MODEL.json with preprocessing and
     *     labels; files of weights, which the network names
     * @param {Record<string, any>} [options.preprocessing] in place of what the file says
     * @param {(progress: {done: number}) => void} [options.onProgress] 0 to 1
     */
    async open(source, { name, files = [], preprocessing = {}, onProgress } = {}) {
        const fetched = typeof source === 'string' || source instanceof URL;
        const title = name ?? nameOf(source);
        const start = fetched ? FETCHING : 0;
        const file = await fileOf(source, (done) => onProgress?.({ done: done * start }));
        const settings = [...await besideOf(title, files), ...settingsOf(preprocessing)];
        const beside = files.map((file) => ({ name: file.name, blob: file }));
        const kept = { name: title, file, files: beside, settings };
        const opened = await this.#link.call('open', kept, {
            onProgress: ({ done }) => onProgress?.({ done: start + (1 - start) * done }),
        });
        return new Model(this.#link, kept, opened);
    }

    /**
     * Reads many pictures; a set can be given to a run among its `images`. What cannot be read is left out.
     * @param {{blob: Blob, name?: string, group?: string}[]} pictures `group`: the class
     * @param {{onProgress?: (progress: {done: number}) => void, signal?: AbortSignal}} [how]
     */
    async openSet(pictures, { onProgress, signal } = {}) {
        const files = pictures.map(({ blob, name, group = '' }) => ({ blob, name: name ?? nameOf(blob), group }));
        const opened = await this.#call('openSet', { files }, { onProgress, signal });
        if (!opened || signal?.aborted) throw new ConvoscopeError('cancelled', 'Reading the pictures was cancelled.');
        if (opened.names.length) return new PictureSet(this.#link, files, opened);
        throw new ConvoscopeError('bad-input', 'None of the files is a picture that this browser can read: choose JPEG, PNG or WebP files.');
    }

    /**
     * Places points of any kind on a plane, with no network: t-SNE by Barnes and Hut.
     * @param {Float32Array} data rows of `dims` numbers
     * @param {{dims: number, perplexity?: number, theta?: number, iterations?: number, seed?: number}} options
     * @param {{onProgress?: (progress: {done: number}) => void, signal?: AbortSignal}} [how]
     * @returns {Promise<{shape: number[], data: Float32Array, iteration: number, divergence: number}>}
     */
    async tsne(data, { dims, perplexity = 30, theta = 0.5, iterations = 1000, seed = 1 }, { onProgress, signal } = {}) {
        if (!(data instanceof Float32Array) || !(dims >= 1) || data.length % dims)
            throw new ConvoscopeError('bad-input', 'The points must be a Float32Array with `dims` numbers for each.');
        const options = { dims, perplexity, theta, iterations, seed };
        return this.#call('tsne', { data, options }, { onProgress, signal });
    }

    /**
     * A call that a signal ends, also one that was given before.
     * @param {string} method @param {any} args
     * @param {{onProgress?: (progress: any) => void, signal?: AbortSignal}} how
     */
    async #call(method, args, { onProgress, signal }) {
        await this.#link.ready();
        const { reply, cancel } = this.#link.begin(method, args, { onProgress });
        if (signal?.aborted) cancel();
        signal?.addEventListener('abort', cancel, { once: true });
        return reply.finally(() => signal?.removeEventListener('abort', cancel));
    }

    /**
     * What this browser keeps of what networks said of pictures, so that runs that compare them begin at once.
     * @returns {Promise<{bytes: number, networks: number}>}
     */
    keptFeatures() {
        return this.#link.call('keptFeatures', {});
    }

    /** Removes it. @returns {Promise<void>} */
    removeFeatures() {
        return this.#link.call('removeFeatures', {});
    }

    /** Ends the worker; what is pending fails. */
    close() {
        this.#link.close();
    }
}

/** @param {any} source */
function nameOf(source) {
    if (typeof source === 'string' || source instanceof URL) {
        return decodeURIComponent(String(source).split(/[?#]/)[0].split('/').pop() || 'model.onnx');
    }
    return source.name ?? 'model.onnx';
}

/** @param {any} source @param {(done: number) => void} onProgress @returns {Promise<Blob | Uint8Array>} */
async function fileOf(source, onProgress) {
    if (source instanceof Blob || source instanceof Uint8Array) return source;
    if (source instanceof ArrayBuffer) return new Uint8Array(source);
    if (ArrayBuffer.isView(source)) return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
    if (typeof source === 'string' || source instanceof URL) return fetchFile(source, onProgress);
    throw new ConvoscopeError('bad-input', 'A network is a file, its bytes, or its address.');
}

/**
 * @param {string | URL} address @param {(done: number) => void} onProgress
 * @param {(address: string | URL) => Promise<Response>} [ask]
 */
async function fetchFile(address, onProgress, ask = (at) => fetch(at)) {
    try {
        const response = await ask(address);
        if (!response.ok) throw new Error(`the server answered ${response.status}`);
        const size = Number(response.headers.get('content-length')) || 0;
        return await gatherFile(response, (got) => {
            if (size) onProgress(Math.min(1, got / size));
        });
    } catch (error) {
        const reason = /** @type {any} */ (error)?.message ?? error;
        throw new ConvoscopeError('fetch', `“${nameOf(address)}” could not be fetched: ${reason}.`);
    }
}

/** The keys of MODEL.json among the files. @param {string} name @param {File[]} files @returns {Promise<[string, string][]>} */
async function besideOf(name, files) {
    const wanted = `${name.replace(/\.onnx$/i, '')}.json`;
    const file = files.find((f) => f.name === wanted);
    if (!file) return [];
    let values;
    try {
        values = JSON.parse(await file.text());
    } catch (error) {
        throw new ConvoscopeError('bad-input', `“${wanted}” is no JSON: ${/** @type {any} */ (error).message}.`);
    }
    if (typeof values === 'object' && values && !Array.isArray(values)) return settingsOf(values);
    throw new ConvoscopeError('bad-input', `“${wanted}” must be one object with keys such as size and mean.`);
}

// @ts-check
/**
 * The core in this worker. The only file that sees a pointer: views on its memory are made for one call and
 * never kept, since growth replaces the buffer, and what is handed out is a copy.
 */
import { readSlices } from '../gather.js';
import { ConvoscopeError, Trap } from './errors.js';
import { moduleKind } from './handed.js';

/**
 * @typedef {{base: string, threads: number, fused: boolean, quick: boolean}} StartOptions folder of the modules; how many
 *     threads; whether the browser has fused multiply-add; whether threads wait for `makeThreads`
 * @typedef {(watched: boolean) => void} Watch whether what follows needs no network and no time to speak of, so that
 *     somebody else may say that it takes too long
 *
 * @typedef {import('./handed.js').Handed} Handed
 *
 * @param {StartOptions} options @param {Watch} watch @param {Handed | null} handed @returns {Promise<Core>}
 */
export async function startCore({ base, threads, fused, quick }, watch, handed) {
    const start = (/** @type {boolean} */ withFused) => {
        const kind = moduleKind(threads, withFused);
        return startKind(base, kind, { threads, quick }, watch, handed?.base === base && handed.kind === kind ? handed : null);
    };
    if (fused) {
        try {
            return await start(true);
        } catch {
            /* A host may lack the module, or a browser compute wrongly with it: the other needs less. */
        }
    }
    return start(false);
}

/**
 * Everything is asked for at once: the threads are made while the module is on its way, unless they are to come later.
 * @param {string} base @param {string} kind folder of the module @param {{threads: number, quick: boolean}} how @param {Watch} watch
 * @param {Handed | null} handed
 */
async function startKind(base, kind, { threads, quick }, watch, handed) {
    const address = (/** @type {string} */ ending) => new URL(`${kind}/convoscope.${ending}`, base).href;
    const loading = loadModule(address('js'), address('wasm'), handed);
    loading.catch(() => {}); /* awaited below */
    const makeWorkers = () => Array.from({ length: threads - 1 }, () => new Worker(address('worker.js')));
    watch(true);
    const workers = quick ? null : makeWorkers();
    watch(false);
    try {
        const module = await loading;
        watch(true);
        const core = new Core(module, kind, makeWorkers);
        core.start(threads, workers);
        return core;
    } catch (error) {
        for (const worker of workers ?? []) worker.terminate();
        throw error;
    }
}

/** @param {string} script its address @param {string} binary @param {Handed | null} handed @returns {Promise<any>} an instance */
async function loadModule(script, binary, handed) {
    try {
        const [{ default: createModule }, compiled] = await Promise.all([
            handed?.script ?? import(/* @vite-ignore */ script),
            handed?.module.then((module) => module ?? compile(binary)) ?? compile(binary),
        ]);
        const instantiateWasm = (/** @type {any} */ imports, /** @type {any} */ receive) => {
            receive(new WebAssembly.Instance(compiled, imports), compiled);
            return {};
        };
        return await createModule({ instantiateWasm, mainScriptUrlOrBlob: script });
    } catch (error) {
        throw new ConvoscopeError('start', `The core could not be loaded from ${script}: ${/** @type {any} */ (error)?.message ?? error}`);
    }
}

/** As it comes, and once for all visits, where the host says what it is. @param {string} address */
async function compile(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    const named = answer.headers.get('content-type')?.startsWith('application/wasm');
    return named ? WebAssembly.compileStreaming(answer) : WebAssembly.compile(await answer.arrayBuffer());
}

/**
 * Sends the module to a worker of the pool. It is not waited for: a worker loads while this one is in its event
 * loop, and its thread then takes its part of the next loop. One that cannot be loaded never does.
 * @param {any} PThread @param {Worker} worker
 */
function loadThread(PThread, worker) {
    PThread.unusedWorkers.push(worker);
    PThread.loadWasmModuleToWorker(worker);
    worker.onerror = (event) => event.preventDefault();
}

/** Words. */
const RECORDS_AT_ONCE = 1 << 18;

export class Core {
    #module;
    threads = 1;

    /** @param {any} module @param {string} kind which of the modules it is @param {() => Worker[]} makeWorkers for its threads */
    constructor(module, kind, makeWorkers) {
        this.#module = module;
        this.kind = kind;
        this.makeWorkers = makeWorkers;
    }

    /** @param {number} threads @param {Worker[] | null} workers one for each thread but this; null: `makeThreads` makes them later */
    start(threads, workers) {
        if (workers) this.#startThreads(threads, workers);
        else this.threads = this.#call('convo_expect', threads);
        this.#check(this.#call('convo_self_test'));
    }

    /** Those that a start left for later. */
    makeThreads() {
        if (this.threads > 1) this.#startThreads(this.threads, this.makeWorkers());
    }

    /** @param {number} threads @param {Worker[]} workers */
    #startThreads(threads, workers) {
        for (const worker of workers) loadThread(this.#module.PThread, worker);
        this.threads = this.#call('convo_start', threads);
    }

    get version() {
        return this.#read(this.#call('convo_version'));
    }

    /** Bytes of memory that the core holds; it only ever grows. */
    get memory() {
        return this.#buffer.byteLength;
    }

    techniques() {
        return this.#json(this.#call('convo_techniques'));
    }

    /** @returns {Record<string, Uint8Array>} 256 RGB triples each */
    colormaps() {
        const maps = this.#json(this.#call('convo_colormaps'));
        const copy = (/** @type {number} */ at) => new Uint8Array(this.#buffer, at, 768).slice();
        return Object.fromEntries(Object.entries(maps).map(([name, at]) => [name, copy(at)]));
    }

    /* ---- networks ---- */

    /**
     * @param {string} name
     * @param {Blob | Uint8Array} file
     * @param {(done: number) => void} onProgress
     * @returns {Promise<number>} handle
     */
    async open(name, file, onProgress) {
        const [at, filled] = await this.#load(name, file, onProgress);
        return this.#withText(name, (text) => this.#check(this.#call('convo_network_open', text, at, filled)));
    }

    /** Where a file of weights that the network lacks would lie; null when it lacks none. @param {number} model @returns {string | null} */
    missing(model) {
        return this.#json(this.#call('convo_network_missing', model));
    }

    /** @param {number} model @param {string} location @param {Blob} blob @param {(done: number) => void} onProgress */
    async attach(model, location, blob, onProgress) {
        const [at, filled] = await this.#load(location, blob, onProgress);
        this.#withText(location, (text) => this.#check(this.#call('convo_network_attach', model, text, at, filled)));
    }

    /**
     * The bytes of a file in the core's memory; those of a Blob come piece by piece.
     * @param {string} name
     * @param {Blob | Uint8Array} file
     * @param {(done: number) => void} onProgress
     * @returns {Promise<[number, number]>} address and length
     */
    async #load(name, file, onProgress) {
        if (file instanceof Uint8Array) {
            const at = this.#allocate(file.length || 1, `“${name}”`);
            new Uint8Array(this.#buffer, at, file.length).set(file);
            return [at, file.length];
        }
        const at = this.#allocate(file.size || 1, `“${name}”`);
        let filled = 0;
        try {
            for await (const piece of readSlices(file)) {
                new Uint8Array(this.#buffer, at + filled, piece.length).set(piece);
                filled += piece.length;
                onProgress(filled / file.size);
            }
        } catch (error) {
            this.#call('free', at);
            throw new ConvoscopeError('io', `“${name}” could not be read: ${/** @type {any} */ (error)?.message ?? error}`);
        }
        return [at, filled];
    }

    /** @param {number} model */
    close(model) {
        this.#check(this.#call('convo_network_close', model));
    }

    /** @param {number} model @param {string} key @param {string} value */
    set(model, key, value) {
        this.#withText(key, (k) => this.#withText(value, (v) => this.#check(this.#call('convo_network_set', model, k, v))));
    }

    /** @param {number} model */
    describe(model) {
        return this.#json(this.#call('convo_network_describe', model));
    }

    /* ---- passes ---- */

    /** @param {number} model @param {import('./image.js').Pixels} picture */
    lookPicture(model, { width, height, data }) {
        this.#withBytes(data, (at) => this.#check(this.#call('convo_look_picture', model, width, height, at)));
    }

    /** @param {number} model @param {Float32Array} data @param {{height?: number, width?: number}} size */
    lookTensor(model, data, { height = 0, width = 0 }) {
        this.#withBytes(data, (at) => this.#check(this.#call('convo_look_tensor', model, height, width, at, data.length)));
    }

    /**
     * @param {number} model
     * @param {Float32Array} data
     * @param {{target: string, rule: string, height?: number, width?: number}} options
     */
    gradient(model, data, { target, rule, height = 0, width = 0 }) {
        this.#withText(target, (t) => this.#withText(rule, (r) => this.#withBytes(data, (at) =>
            this.#check(this.#call('convo_gradient', model, height, width, at, data.length, t, r)))));
    }

    /** @param {number} model @param {number} seconds @returns {boolean} the pass is done */
    advance(model, seconds) {
        return this.#check(this.#call('convo_advance', model, seconds)) === 1;
    }

    /** Null, of this, `activation` and `thumbnails`: a pass that keeps what layers give has begun; advance, then ask again.
     * @param {number} model @param {number} top */
    scores(model, top) {
        const found = this.#jsonUnlessAgain(this.#call('convo_scores', model, top));
        if (!found) return null;
        const { input, ...scores } = found;
        const { shape, data } = input ? this.#array(input) : { shape: [0, 0, 0], data: null };
        return { ...scores, input: data && { width: shape[2], height: shape[1], data } };
    }

    /** @param {number} model */
    output(model) {
        return this.#array(this.#json(this.#call('convo_output', model)));
    }

    /** @param {number} model */
    gradientResult(model) {
        return this.#array(this.#json(this.#call('convo_gradient_result', model)));
    }

    /** @param {number} model @param {string} layer */
    activation(model, layer) {
        const found = this.#withText(layer, (text) => this.#jsonUnlessAgain(this.#call('convo_activation', model, text)));
        return found && this.#array(found);
    }

    /** @param {number} model */
    thumbnails(model) {
        const found = this.#jsonUnlessAgain(this.#call('convo_thumbnails', model));
        return found && found.map((/** @type {any} */ t) => this.#array(t));
    }

    /** @param {number} model @param {string} layer */
    weights(model, layer) {
        const weights = this.#withText(layer, (text) => this.#json(this.#call('convo_weights', model, text)));
        if (!weights) return null;
        return { ...this.#array(weights), bias: weights.bias && this.#array(weights.bias).data };
    }

    /** @param {number} model @param {{height?: number, width?: number, runs?: number}} options */
    profile(model, { height = 0, width = 0, runs = 5 }) {
        return this.#json(this.#call('convo_profile', model, height, width, runs));
    }

    /* ---- runs ---- */

    /**
     * A run that waits for its pictures.
     * @param {number} model
     * @param {string} technique
     * @param {Record<string, unknown>} params
     * @returns {number} handle
     */
    runCreate(model, technique, params) {
        const run = this.#withText(technique, (id) => this.#check(this.#call('convo_run_create', model, id)));
        try {
            for (const [name, value] of Object.entries(params)) {
                if (value === undefined || value === null) continue;
                this.#withText(name, (key) => this.#withText(String(value), (text) =>
                    this.#check(this.#call('convo_run_set', run, key, text))));
            }
        } catch (error) {
            if (!(error instanceof Trap)) this.runClose(run);
            throw error;
        }
        return run;
    }

    /**
     * @param {number} run
     * @param {number} index
     * @param {import('./image.js').Pixels} picture
     * @param {{name?: string, group?: string}} [called] its name and its class
     */
    runPicture(run, index, { width, height, data }, { name = '', group = '' } = {}) {
        this.#withBytes(data, (at) => this.#check(this.#call('convo_run_picture', run, index, width, height, at)));
        if (!name && !group) return;
        this.#withText(name, (n) => this.#withText(group, (g) =>
            this.#check(this.#call('convo_run_name_picture', run, index, n, g))));
    }

    /** @param {number} run */
    runBegin(run) {
        this.#check(this.#call('convo_run_begin', run));
    }

    /** @param {number} run @param {number} seconds @returns {boolean} the run is done */
    runAdvance(run, seconds) {
        return this.#check(this.#call('convo_run_advance', run, seconds)) === 1;
    }

    /** @param {number} run */
    runProgress(run) {
        return this.#call('convo_run_progress', run);
    }

    /** @param {number} run */
    runVersion(run) {
        return this.#check(this.#call('convo_run_version', run));
    }

    /** @param {number} run */
    runResult(run) {
        const { items, facts } = this.#json(this.#call('convo_run_result', run));
        return { items: items.map((/** @type {any} */ item) => this.#item(item)), facts };
    }

    /** @param {number} run */
    runClose(run) {
        this.#check(this.#call('convo_run_close', run));
    }

    /* ---- features of pictures ---- */

    /**
     * The tables that runs left with a network, newest first; `copy` hands out the records until the next call.
     * @param {number} model @returns {{name: string, count: number, words: number, copy: () => Uint32Array<ArrayBuffer>}[]}
     */
    features(model) {
        return this.#json(this.#call('convo_features', model)).map((/** @type {any} */ { name, shape: [count, words], data }) => (
            { name, count, words, copy: () => new Uint32Array(this.#buffer, data, count * words).slice() }));
    }

    /**
     * Gives records back, in pieces: the core's memory grows by what a piece takes.
     * @param {number} model @param {{name: string, count: number, words: number, data: Uint32Array}} table
     */
    featuresAdd(model, { name, count, words, data }) {
        const most = Math.ceil(RECORDS_AT_ONCE / words);
        for (let at = 0; at < count; at += most) {
            const piece = data.subarray(at * words, (at + most) * words);
            this.#withText(name, (n) => this.#withBytes(piece, (records) =>
                this.#check(this.#call('convo_features_add', model, n, piece.length / words, words, records))));
        }
    }

    /* ---- points of any kind ---- */

    /** @param {Float32Array} data @param {{dims: number, perplexity: number, theta: number, iterations: number, seed: number}} options */
    tsneCreate(data, { dims, perplexity, theta, iterations, seed }) {
        return this.#withBytes(data, (at) =>
            this.#check(this.#call('convo_tsne_create', at, data.length / dims, dims, perplexity, theta, iterations, seed)));
    }

    /** @param {number} handle @param {number} seconds @returns {boolean} it is done */
    tsneAdvance(handle, seconds) {
        return this.#check(this.#call('convo_tsne_advance', handle, seconds)) === 1;
    }

    /** @param {number} handle */
    tsneProgress(handle) {
        return this.#call('convo_tsne_progress', handle);
    }

    /** @param {number} handle */
    tsnePoints(handle) {
        return this.#array(this.#json(this.#call('convo_tsne_points', handle)));
    }

    /** @param {number} handle */
    tsneClose(handle) {
        this.#check(this.#call('convo_tsne_close', handle));
    }

    /* ---- memory ---- */

    get #buffer() {
        return this.#module.wasmMemory ? this.#module.wasmMemory.buffer : this.#module.HEAPU8.buffer;
    }

    /** @param {string} name @param {...number} args */
    #call(name, ...args) {
        try {
            return this.#module[`_${name}`](...args);
        } catch (error) {
            throw new Trap(error);
        }
    }

    /** @param {number} code @returns {number} */
    #check(code) {
        if (code >= 0) return code;
        const name = this.#read(this.#call('convo_error_code'));
        throw new ConvoscopeError(name, this.#read(this.#call('convo_error_message')));
    }

    /** The text that a call left, after its code was looked at. @param {number} code */
    #json(code) {
        this.#check(code);
        return JSON.parse(this.#read(this.#call('convo_text')));
    }

    /** The same, or null where a pass was begun first. @param {number} code */
    #jsonUnlessAgain(code) {
        return this.#check(code) === 1 ? null : this.#json(0);
    }

    /** @param {number} pointer of bytes that end with a zero */
    #read(pointer) {
        const at = pointer >>> 0;
        const bytes = new Uint8Array(this.#buffer);
        return new TextDecoder().decode(bytes.slice(at, bytes.indexOf(0, at)));
    }

    /** @param {any} item */
    #item(item) {
        const { group } = item;
        return this.#array(group ? { ...item, group: this.#array(group).data } : item);
    }

    /** An object with its address replaced by a copy of the numbers there. @param {any} object */
    #array(object) {
        const count = object.shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1);
        return { ...object, data: new Float32Array(this.#buffer, object.data, count).slice() };
    }

    /** @param {number} size @param {string} what @returns {number} */
    #allocate(size, what) {
        const at = this.#call('malloc', size) >>> 0;
        if (at) return at;
        throw new ConvoscopeError('no-memory', `not enough memory for ${what} (${size} bytes): use a smaller picture or model`);
    }

    /**
     * Calls with the address of a copy.
     * @template T
     * @param {Uint8Array | Uint8ClampedArray | Float32Array | Uint32Array} data
     * @param {(at: number) => T} call
     * @returns {T}
     */
    #withBytes(data, call) {
        const at = this.#allocate(data.byteLength || 1, 'the data');
        new Uint8Array(this.#buffer, at, data.byteLength).set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        try {
            return call(at);
        } finally {
            this.#call('free', at);
        }
    }

    /**
     * @template T
     * @param {string} text
     * @param {(at: number) => T} call
     * @returns {T}
     */
    #withText(text, call) {
        return this.#withBytes(new TextEncoder().encode(`${text}\0`), call);
    }
}

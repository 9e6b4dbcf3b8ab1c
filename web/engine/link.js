// @ts-check
/**
 * The page's hold on the worker: starts it, with threads where it can, throws it away when its core is broken
 * or has grown too large, and starts another at the next call.
 */
import { allowOwnScripts } from '../isolation.js';
import { ConvoscopeError } from './errors.js';
import { hasFusedMultiplyAdd, threadCount } from './features.js';
import { Caller } from './protocol.js';

/** The memory of a core never shrinks: past this many bytes an idle one is replaced when a network was closed. */
const MOST_IDLE_MEMORY = 1 << 30;
const IDLE_MS = 2000;

/**
 * Milliseconds for each part of a start that waits for no network. Firefox now and then never returns from making a
 * worker inside of a worker; that one hears no timer of its own, so the page has to watch it.
 */
const START_MS = 5000;

/**
 * @typedef {{threads: number, version: string, kind: string, techniques?: any[], colormaps?: Record<string, Uint8Array>}} Greeting
 *     tables of techniques and colours come with `complete`, where the start was a quick one
 * @typedef {object} LinkOptions
 * @property {string} base folder of the modules
 * @property {number | 'auto'} threads
 * @property {boolean} fused compute with fused multiply-add where the browser has it
 * @property {boolean} [quick] the first start leaves threads and tables for `complete`
 * @property {Worker | null} [worker] the first, where it was made already
 * @property {() => Worker} [spawn] makes the worker; for tests
 * @property {number} [patience] ms for what is watched of a start; for tests
 */

const ownWorker = () => new Worker(new URL('./worker.js', import.meta.url), { type: 'module' });

export class Link {
    /** Grows with each worker: a handle of an older one is void. */
    generation = 0;
    #closed = false;
    #starting = false;
    /** @type {Caller | null} */
    #caller = null;
    /** @type {Worker | null} */
    #worker = null;
    /** @type {Promise<Greeting> | null} */
    #greeting = null;
    #threads;
    /** @type {Worker | null} */
    #made;
    #quick;
    /** @type {any} */
    #idleTimer = 0;

    /** @param {LinkOptions} options */
    constructor({ base, threads, fused, quick = false, worker = null, spawn = ownWorker, patience = START_MS }) {
        this.base = base;
        this.#made = worker;
        this.#quick = quick;
        this.spawn = spawn;
        this.patience = patience;
        this.fused = fused && hasFusedMultiplyAdd();
        this.#threads = threadCount(threads);
    }

    /** Starts the worker unless there is one. @returns {Promise<Greeting>} */
    ready() {
        if (this.#closed) return Promise.reject(new ConvoscopeError('closed', 'This Convoscope was closed: create another.'));
        return this.#greeting ?? this.#expect(this.#start());
    }

    /**
     * What a quick start left for later; calls wait for it meanwhile, so that a worker that hangs while it makes its threads
     * can be replaced by another before anybody asked it anything.
     * @returns {Promise<Greeting>}
     */
    async complete() {
        const greeting = await this.ready();
        if (greeting.techniques) return greeting;
        /** @type {Promise<Greeting>} */
        const completed = this.#watch('complete', {}).then(
            (tables) => ({ ...greeting, ...tables }),
            (error) => {
                if (this.#greeting === completed) this.#drop(error);
                return this.ready(); /* of another worker, which starts as a whole */
            },
        );
        return this.#expect(completed);
    }

    /** @param {Promise<Greeting>} greeting that calls wait for */
    #expect(greeting) {
        this.#greeting = greeting;
        greeting.catch(() => {
            if (this.#greeting !== greeting) return;
            this.#stopWorker();
            this.#greeting = null;
        });
        return greeting;
    }

    async #start() {
        this.#starting = true;
        try {
            return await this.#greet(this.#threads);
        } catch (error) {
            if (this.#threads === 1 || this.#closed) throw error;
            return await this.#startAgain(error);
        } finally {
            this.#starting = false;
        }
    }

    /** A start that hung may succeed the next time; whatever else the reason, one thread needs less. @param {any} error */
    async #startAgain(error) {
        if (error.code === 'late') {
            const again = await this.#greet(this.#threads).catch(() => null);
            if (again) return again;
        }
        this.#threads = 1;
        return this.#greet(1);
    }

    /** @param {number} threads @returns {Promise<Greeting>} */
    #greet(threads) {
        this.#stopWorker();
        allowOwnScripts();
        const worker = this.#made ?? this.spawn();
        this.#made = null;
        this.#worker = worker;
        this.generation++;
        const caller = new Caller(/** @type {any} */ (worker), (message) => this.#crash(worker, message));
        this.#caller = caller;
        worker.onerror = (event) => {
            event.preventDefault?.();
            this.#crash(worker, event.message || 'its program could not be loaded');
        };
        const quick = this.#quick;
        this.#quick = false;
        return this.#watch('start', { base: this.base, threads, fused: this.fused, quick });
    }

    /**
     * A call that says which of its parts take no time to speak of, and fails when one does.
     * @param {string} method @param {any} args
     * @returns {Promise<any>}
     */
    #watch(method, args) {
        const caller = /** @type {Caller} */ (this.#caller);
        return new Promise((resolve, reject) => {
            /** @type {any} */
            let timer = 0;
            const late = () => reject(new ConvoscopeError('late', 'The core did not start in time.'));
            const onProgress = (/** @type {{watched: boolean}} */ { watched }) => {
                clearTimeout(timer);
                if (watched) timer = setTimeout(late, this.patience);
            };
            caller.call(method, args, { onProgress }).reply.then(resolve, reject).finally(() => clearTimeout(timer));
        });
    }

    /**
     * Begins a call in the present worker; `ready` was awaited.
     * @param {string} method
     * @param {any} args
     * @param {import('./protocol.js').Hooks} [hooks]
     */
    begin(method, args, hooks) {
        const caller = this.#caller;
        if (!caller) throw new ConvoscopeError('crashed', 'The core was stopped before this call reached it.');
        const { id, reply } = caller.call(method, args, hooks);
        return { reply, cancel: () => caller.cancel(id), taken: () => caller.taken(id) };
    }

    /**
     * @param {string} method
     * @param {any} args
     * @param {import('./protocol.js').Hooks} [hooks]
     */
    async call(method, args, hooks) {
        await this.ready();
        return this.begin(method, args, hooks).reply;
    }

    /** After a network was closed. @param {number} memory bytes that the core holds */
    recycle(memory) {
        if (memory < MOST_IDLE_MEMORY) return;
        const caller = this.#caller;
        const look = () => {
            if (this.#caller !== caller) return;
            if (caller?.idle) this.#drop();
            else this.#idleTimer = setTimeout(look, IDLE_MS);
        };
        this.#idleTimer = setTimeout(look, IDLE_MS);
    }

    close() {
        this.#closed = true;
        this.#drop(new ConvoscopeError('closed', 'Convoscope was closed.'));
    }

    /** @param {Worker} worker @param {string} message */
    #crash(worker, message) {
        if (worker !== this.#worker) return;
        this.#drop(new ConvoscopeError('crashed',
            `The core stopped (${message}). It starts again with the next thing you do; ` +
            'if it stops again, try a smaller picture or model.'));
    }

    /** @param {Error} [error] what pending calls fail with */
    #drop(error = new ConvoscopeError('crashed', 'The core was replaced.')) {
        const caller = this.#caller;
        this.#stopWorker();
        if (!this.#starting) this.#greeting = null;
        caller?.fail(error);
    }

    #stopWorker() {
        clearTimeout(this.#idleTimer);
        this.#worker?.terminate();
        this.#worker = null;
        this.#caller = null;
    }
}

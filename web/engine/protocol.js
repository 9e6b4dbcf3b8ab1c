// @ts-check
/**
 * The messages between page and worker. Every call has a number, and everything that belongs to it carries
 * that number: its progress, its partial results, its end.
 *
 * @typedef {{type: 'call', id: number, method: string, args: any}
 *     | {type: 'cancel', id: number}
 *     | {type: 'taken', id: number}} Request page to worker; `taken`: the last partial result was used
 * @typedef {{type: 'reply', id: number, value: any, back: ArrayBuffer[]}
 *     | {type: 'error', id: number, code: string, message: string, unsupported?: any[]}
 *     | {type: 'progress', id: number, value: any}
 *     | {type: 'partial', id: number, value: any}
 *     | {type: 'crashed', message: string}} Answer worker to page; `back`: memory of the call's tensors, to be used again
 *
 * @typedef {object} Port what both ends of a worker have
 * @property {(message: any, transfer?: any[]) => void} postMessage
 * @property {((event: any) => void) | null} onmessage
 *
 * @typedef {{onProgress?: (value: any) => void, onPartial?: (value: any) => void}} Hooks
 */
import { ConvoscopeError, Trap, describeError } from './errors.js';

/** More is not held for the next call. */
const MOST_SPARE_BYTES = 2 ** 24;

/** The page's end: numbers the calls and settles them. */
export class Caller {
    #last = 0;
    /** @type {Map<number, Hooks & {resolve: (value: any) => void, reject: (error: Error) => void}>} */
    #pending = new Map();
    /** Memory that came back from the last call with a tensor: touching new pages takes longer than copying. @type {ArrayBuffer | null} */
    #spare = null;

    /**
     * @param {Port} port
     * @param {(message: string) => void} onCrash the core trapped; nothing will be answered any more
     */
    constructor(port, onCrash) {
        this.port = port;
        this.onCrash = onCrash;
        port.onmessage = (event) => this.#receive(event.data);
    }

    get idle() {
        return this.#pending.size === 0;
    }

    /**
     * @param {string} method
     * @param {any} args
     * @param {Hooks} [hooks]
     * @returns {{id: number, reply: Promise<any>}}
     */
    call(method, args, hooks = {}) {
        const id = ++this.#last;
        const reply = new Promise((resolve, reject) => this.#pending.set(id, { resolve, reject, ...hooks }));
        try {
            const given = this.#withCopies(args);
            this.port.postMessage({ type: 'call', id, method, args: given }, tensorBuffers(given));
        } catch (error) {
            this.#pending.get(id)?.reject(new ConvoscopeError('bad-input', describeError(error).message));
            this.#pending.delete(id);
        }
        return { id, reply };
    }

    /** @param {number} id */
    cancel(id) {
        if (this.#pending.has(id)) this.port.postMessage({ type: 'cancel', id });
    }

    /** @param {number} id */
    taken(id) {
        if (this.#pending.has(id)) this.port.postMessage({ type: 'taken', id });
    }

    /**
     * Rejects whatever waits: the worker is gone.
     * @param {Error} error
     */
    fail(error) {
        const waiting = [...this.#pending.values()];
        this.#pending.clear();
        for (const call of waiting) call.reject(error);
    }

    /**
     * The arguments of a call with copies of its tensors, which can be given away: the browser's own copying of a message
     * takes three times as long.
     * @param {Record<string, any>} args
     */
    #withCopies(args) {
        return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, isTensor(value) ? this.#copy(value) : value]));
    }

    /** @param {Float32Array} tensor */
    #copy(tensor) {
        if (this.#spare?.byteLength !== tensor.byteLength) return tensor.slice();
        const copy = new Float32Array(this.#spare);
        this.#spare = null;
        copy.set(tensor);
        return copy;
    }

    /** @param {Answer} answer */
    #receive(answer) {
        if (answer.type === 'crashed') return this.onCrash(answer.message);
        if (answer.type === 'reply') this.#spare = answer.back.find(({ byteLength }) => byteLength <= MOST_SPARE_BYTES) ?? this.#spare;
        const call = this.#pending.get(answer.id);
        if (!call) return;
        if (answer.type === 'progress') return call.onProgress?.(answer.value);
        if (answer.type === 'partial') return call.onPartial?.(answer.value);
        this.#pending.delete(answer.id);
        if (answer.type === 'reply') call.resolve(answer.value);
        else call.reject(new ConvoscopeError(answer.code, answer.message, answer.unsupported));
    }
}

/** What a method of the worker knows of the call that it answers. */
export class Call {
    cancelled = false;
    /** The page has used the last partial result. */
    taken = true;
    /** @param {(answer: any, transfer?: any[]) => void} post @param {number} id */
    constructor(post, id) {
        this.post = post;
        this.id = id;
    }
    /** @param {any} value */
    progress(value) {
        this.post({ type: 'progress', id: this.id, value });
    }
    /** @param {any} value its arrays are given away */
    partial(value) {
        this.taken = false;
        this.post({ type: 'partial', id: this.id, value }, buffersOf(value));
    }
}

/**
 * The worker's end: hands each call to the method of that name, all at once; what must wait waits there.
 * @param {Port} port
 * @param {Record<string, (args: any, call: Call) => any>} methods
 */
export function answer(port, methods) {
    /** @type {Map<number, Call>} */
    const calls = new Map();
    let crashed = false;
    /** @param {any} message @param {any[]} [transfer] */
    const post = (message, transfer = []) => void (crashed || port.postMessage(message, transfer));
    port.onmessage = async ({ data }) => {
        const known = calls.get(data.id);
        if (data.type === 'cancel' && known) known.cancelled = true;
        if (data.type === 'taken' && known) known.taken = true;
        if (data.type !== 'call') return;
        const call = new Call(post, data.id);
        calls.set(data.id, call);
        try {
            const value = await methods[data.method](data.args, call);
            const back = tensorBuffers(data.args);
            post({ type: 'reply', id: data.id, value, back }, [...buffersOf(value), ...back]);
        } catch (error) {
            if (error instanceof Trap) {
                post({ type: 'crashed', message: error.message });
                crashed = true;
            } else {
                post({ type: 'error', id: data.id, ...describeError(error) });
            }
        } finally {
            calls.delete(data.id);
        }
    };
}

const isTensor = (/** @type {any} */ value) => value instanceof Float32Array;

/** The memory of a call's tensors. @param {Record<string, any>} args */
const tensorBuffers = (args) => buffersOf(Object.values(args).filter(isTensor));

/**
 * The memory behind all arrays of a value, to be handed over instead of copied.
 * @param {any} value
 * @returns {ArrayBuffer[]}
 */
export function buffersOf(value) {
    if (ArrayBuffer.isView(value)) return value.buffer instanceof ArrayBuffer ? [value.buffer] : [];
    if (typeof value !== 'object' || value === null) return [];
    const inner = Array.isArray(value) ? value : Object.values(value);
    if (Array.isArray(value) && typeof value[0] !== 'object') return [];
    return [...new Set(inner.flatMap(buffersOf))];
}

// @ts-check
/**
 * A technique at work: iterate over it for the partial results as they come, await `result` for the last.
 *
 * @typedef {{name: string, title: string, kind: 'map' | 'image' | 'tiles' | 'curve' | 'film', shape: number[],
 *     data: Float32Array, signed: boolean, colormap: string | null, low: number, high: number,
 *     framesPerSecond?: number}} Item
 * @typedef {{name: string, label: string, value: number | string, unit: string}} Fact
 * @typedef {{items: Item[], facts: Fact[], partial: boolean, seconds: number}} Result
 * @typedef {{done: number, seconds: number, remaining: number}} Progress `done` from 0 to 1; seconds gone and left
 * @typedef {{reply: Promise<any>, cancel: () => void, taken: () => void}} Begun
 */
import { ConvoscopeError } from './errors.js';

/** How long a cancelled run may take to hand out what it has; then the last partial result has to do. */
const CANCEL_MS = 80;

export class Run {
    /** The newest partial result, and whether it waits to be taken. @type {Result | null} */
    #partial = null;
    #fresh = false;
    #over = false;
    #cancelled = false;
    /** @type {Begun | null} */
    #begun = null;
    /** @type {() => void} */
    #wake = () => {};
    /** @type {() => void} */
    #giveUp = () => {};

    /**
     * @param {(hooks: import('./protocol.js').Hooks) => Promise<Begun>} begin
     * @param {{signal?: AbortSignal, onProgress?: (progress: Progress) => void}} options
     */
    constructor(begin, { signal, onProgress }) {
        const cancel = () => this.cancel();
        const late = new Promise((resolve, reject) => {
            this.#giveUp = () => (this.#partial ? resolve({ ...this.#partial, partial: true }) : reject(nothingYet()));
        });
        if (signal?.aborted) cancel();
        signal?.addEventListener('abort', cancel, { once: true });
        const work = this.#cancelled ? Promise.reject(nothingYet()) : this.#work(begin, onProgress);
        /** The last result; `partial` where the run was cancelled. @type {Promise<Result>} */
        this.result = Promise.race([work, late]).finally(() => {
            signal?.removeEventListener('abort', cancel);
            this.#over = true;
            this.#wake();
        });
        this.result.catch(() => {});
    }

    /**
     * @param {(hooks: import('./protocol.js').Hooks) => Promise<Begun>} begin
     * @param {((progress: Progress) => void) | undefined} onProgress
     */
    async #work(begin, onProgress) {
        const begun = await begin({
            onProgress: (progress) => this.#over || onProgress?.(progress),
            onPartial: (partial) => this.#keep(partial),
        });
        this.#begun = begun;
        if (this.#cancelled) begun.cancel();
        return begun.reply;
    }

    /** Stops at the next slice; `result` is then what there is. */
    cancel() {
        if (this.#cancelled || this.#over) return;
        this.#cancelled = true;
        this.#begun?.cancel();
        /* One layer of a large network may take longer than a person waits. */
        setTimeout(() => this.#giveUp(), CANCEL_MS);
    }

    /** @param {Result} partial */
    #keep(partial) {
        this.#partial = partial;
        this.#fresh = true;
        this.#wake();
    }

    async *[Symbol.asyncIterator]() {
        while (!this.#over) {
            if (this.#fresh && this.#partial) {
                this.#fresh = false;
                yield this.#partial;
                this.#begun?.taken();
            } else {
                await new Promise((/** @type {(value: void) => void} */ resolve) => { this.#wake = resolve; });
            }
        }
        /* Who only iterates is told of a failure here. */
        await this.result;
    }
}

const nothingYet = () => new ConvoscopeError('cancelled', 'The run was cancelled before there was anything to show.');

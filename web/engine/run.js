// @ts-check
/**
 * A technique at work: iterate over it for the partial results as they come, await `result` for the last.
 *
 * @typedef {{name: string, title: string, kind: 'map' | 'image' | 'tiles' | 'curve', shape: number[],
 *     data: Float32Array, signed: boolean, colormap: string | null, low: number, high: number}} Item
 * @typedef {{name: string, label: string, value: number | string, unit: string}} Fact
 * @typedef {{items: Item[], facts: Fact[], partial: boolean, seconds: number}} Result
 * @typedef {{done: number, seconds: number, remaining: number}} Progress `done` from 0 to 1; seconds gone and left
 * @typedef {{reply: Promise<any>, cancel: () => void, taken: () => void}} Begun
 */
import { ConvoscopeError } from './errors.js';

export class Run {
    /** @type {Result | null} */
    #partial = null;
    #over = false;
    #cancelled = false;
    /** @type {Begun | null} */
    #begun = null;
    /** @type {() => void} */
    #wake = () => {};

    /**
     * @param {(hooks: import('./protocol.js').Hooks) => Promise<Begun>} begin
     * @param {{signal?: AbortSignal, onProgress?: (progress: Progress) => void}} options
     */
    constructor(begin, { signal, onProgress }) {
        const cancel = () => this.cancel();
        if (signal?.aborted) cancel();
        signal?.addEventListener('abort', cancel, { once: true });
        /** The last result; `partial` where the run was cancelled. @type {Promise<Result>} */
        this.result = this.#work(begin, onProgress).finally(() => {
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
        const nothing = () => new ConvoscopeError('cancelled', 'The run was cancelled before there was anything to show.');
        if (this.#cancelled) throw nothing();
        const begun = await begin({ onProgress, onPartial: (partial) => this.#keep(partial) });
        this.#begun = begun;
        if (this.#cancelled) begun.cancel();
        return begun.reply;
    }

    /** Stops at the next slice; `result` is then what there is. */
    cancel() {
        this.#cancelled = true;
        this.#begun?.cancel();
    }

    /** @param {Result} partial */
    #keep(partial) {
        this.#partial = partial;
        this.#wake();
    }

    async *[Symbol.asyncIterator]() {
        for (;;) {
            const partial = this.#partial;
            this.#partial = null;
            if (this.#over) break;
            if (partial) {
                yield partial;
                this.#begun?.taken();
            } else {
                await new Promise((/** @type {(value: void) => void} */ resolve) => { this.#wake = resolve; });
            }
        }
        /* Who only iterates is told of a failure here. */
        await this.result;
    }
}

// @ts-check
/** What the page opens with, what of it was asked for before this script had come (early.js), and when it was answered. */

/**
 * @typedef {{model?: string, description?: any, picture?: string, name?: string, credit?: string}} Opening addresses
 *     of network and picture; preprocessing and labels of the one, name and credit of the other
 * @typedef {{worker: Worker | null, answers: Map<string, Promise<Response>>}} Early
 */

/** Written into the page by the build, or by `make serve` with a network or a picture. @returns {Opening} */
export function readOpening() {
    return JSON.parse(document.querySelector('#opening')?.textContent || '{}');
}

/** @type {Early | undefined} */
const early = /** @type {any} */ (globalThis).early;

/** Like fetch, which may have been called already. @param {string | URL} address */
export function ask(address) {
    const answer = early?.answers.get(String(address));
    early?.answers.delete(String(address));
    return answer ?? fetch(address);
}

/** A worker that has begun to load its core: once, and only while nothing speaks against it. @returns {Worker | null} */
export function takeWorker() {
    const worker = early?.worker ?? null;
    if (early) early.worker = null;
    return worker;
}

const FIRST_ANSWER = 'first-answer';

/** The first answer stands in the document: a mark of User Timing, for developers' tools and the benchmark. */
export function markAnswer() {
    if (!performance.getEntriesByName(FIRST_ANSWER).length) performance.mark(FIRST_ANSWER);
}

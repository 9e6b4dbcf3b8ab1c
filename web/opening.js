// @ts-check
/** What the page opens with, and what of it was asked for before this script had come (early.js). */

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

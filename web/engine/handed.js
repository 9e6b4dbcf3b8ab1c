// @ts-check
/**
 * What a page may do for its worker before the page's own scripts are there: compile the module. The worker's name says
 * which one, so that its script is asked for without waiting for a call.
 */

/** Modules with the same loader: fused multiply-add makes none of its own. @param {string} kind */
export const loaderKind = (kind) => (kind.endsWith('threads') ? 'threads' : 'simd');

/** The folder of the module. @param {number} threads @param {boolean} fused with fused multiply-add */
export const moduleKind = (threads, fused) =>
    (fused ? (threads > 1 ? 'relaxed-threads' : 'relaxed') : (threads > 1 ? 'threads' : 'simd'));

/**
 * @typedef {object} Handed
 * @property {string} base folder of the modules
 * @property {string} kind
 * @property {Promise<any>} script the loader's exports
 * @property {Promise<WebAssembly.Module | null>} module null where the page could not get it
 */

/** Worker: names itself by what it was promised. @param {string} base @param {string} kind */
export const promise = (base, kind) => JSON.stringify({ base, kind });

/** Page: keeps the promise. @param {Worker} worker @param {WebAssembly.Module | null} module */
export const hand = (worker, module) => worker.postMessage({ type: 'module', module });

/**
 * Worker: what it was promised, or null.
 * @param {any} scope its global scope @param {(options: any) => Promise<any>} [createModule] the loader, unless it has to be fetched
 * @returns {Handed | null}
 */
export function takeHanded(scope, createModule) {
    if (!scope.name) return null;
    const { base, kind } = JSON.parse(scope.name);
    const script = createModule ? Promise.resolve({ default: createModule }) : import(/* @vite-ignore */ `${base}${kind}/convoscope.js`);
    script.catch(() => {}); /* whoever needs it hears of it */
    /** @type {Promise<WebAssembly.Module | null>} */
    const module = new Promise((done) => scope.addEventListener('message', (/** @type {any} */ { data }) => {
        if (data.type === 'module') done(data.module);
    }));
    return { base, kind, script, module };
}

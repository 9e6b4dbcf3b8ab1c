// @ts-check
import { lookActions } from './actions-look.js';
import { navigateActions } from './actions-navigate.js';
import { runActions } from './actions-run.js';
import { frameActions } from './actions-frames.js';
import { libraryActions } from './actions-library.js';
import { setActions } from './actions-set.js';
import { brushActions } from './actions-brush.js';

/**
 * Everything a view can make happen. The engine is handed in, so that nothing below imports it twice and
 * the development page can hand in another one.
 * @param {import('./store.js').Store} store
 * @param {{create: (options: object) => Promise<any>, fetch: (address: string, onProgress: (progress: {done: number}) => void) => Promise<Blob | Uint8Array>,
 *     ask: (address: string) => Promise<Response>}} Convoscope `ask`: like fetch
 */
export function createActions(store, Convoscope) {
    /** The live engine objects; the store holds plain descriptions of them only. */
    const engine = { Convoscope, started: null, scope: null, model: null };
    const actions = store.actions;
    for (const part of [lookActions, navigateActions, runActions, frameActions, libraryActions, setActions, brushActions]) {
        Object.assign(actions, part(store, engine));
    }
    return engine;
}

/** One sentence for any failure. */
export function sentence(error) {
    const text = String(error?.message ?? error).replace(/^Error:\s*/, '');
    return text.charAt(0).toUpperCase() + text.slice(1);
}

// @ts-check
/** What the worker does with the messages of its page. */
import { allowOwnScripts } from '../isolation.js';
import { startCore } from './core.js';
import { takeHanded } from './handed.js';
import { answer } from './protocol.js';
import { makeSession } from './session.js';

/** @param {(options: any) => Promise<any>} [createModule] the loader of the module that the page hands over, where it is here */
export function serveCore(createModule) {
    allowOwnScripts();
    const handed = takeHanded(globalThis, createModule);
    answer(/** @type {any} */ (globalThis), makeSession((options, watch) => startCore(options, watch, handed)));
}

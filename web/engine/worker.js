// @ts-check
/** The worker that owns the core. */
import { allowOwnScripts } from '../isolation.js';
import { startCore } from './core.js';
import { takeHanded } from './handed.js';
import { answer } from './protocol.js';
import { makeSession } from './session.js';

allowOwnScripts();
const handed = takeHanded(globalThis);
answer(/** @type {any} */ (globalThis), makeSession((options, watch) => startCore(options, watch, handed)));

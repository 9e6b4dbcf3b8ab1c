// @ts-check
/** The worker that owns the core. */
import { allowOwnScripts } from '../isolation.js';
import { startCore } from './core.js';
import { answer } from './protocol.js';
import { makeSession } from './session.js';

allowOwnScripts();
answer(/** @type {any} */ (globalThis), makeSession(startCore));

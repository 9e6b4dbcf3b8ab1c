// @ts-check
/// <reference types="vite/client" />
/**
 * Asks for what the page opens with before any other of its scripts has come: the core, the network and the picture.
 * The build puts this into index.html itself. opening.js takes what is there, and asks for the rest: nothing depends on
 * it but the time to the first answer.
 */
import { hasFusedMultiplyAdd, hasSimd, threadCount } from './engine/features.js';
import { hand, loaderKind, moduleKind, promise } from './engine/handed.js';
import { willReload } from './host.js';
import { allowOwnScripts } from './isolation.js';
import { readOpening } from './opening.js';

/** A worker that loads its core, whose module is compiled here meanwhile. */
function startWorker() {
    const threads = threadCount('auto');
    const base = new URL('wasm/', document.baseURI).href;
    const kind = moduleKind(threads, hasFusedMultiplyAdd());
    allowOwnScripts();
    const worker = new Worker(import.meta.env.WORKERS[loaderKind(kind)], { type: 'module', name: promise(base, kind) });
    WebAssembly.compileStreaming(fetch(`${base}${kind}/convoscope.wasm`)).then((module) => hand(worker, module), () => hand(worker, null));
    return worker;
}

/** The first network and picture. @returns {Map<string, Promise<Response>>} */
function askForFiles() {
    const opening = readOpening();
    const query = new URLSearchParams(location.search);
    const addresses = [query.get('model') || opening.model, query.get('picture') || opening.picture];
    const answers = new Map();
    for (const address of addresses) {
        if (!address || address.startsWith('library:')) continue;
        const answer = fetch(address);
        answer.catch(() => {}); /* who takes it hears of it */
        answers.set(address, answer);
    }
    return answers;
}

if (!willReload() && hasSimd()) {
    const worker = startWorker(); /* first: browsers ask a host for six files at a time */
    /** @type {import('./opening.js').Early} */
    const early = { worker, answers: askForFiles() };
    worker.onerror = () => (early.worker = null); /* another is made, and says what this one lacked */
    Object.assign(window, { early });
}

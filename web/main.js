// @ts-check
/// <reference types="vite/client" />
/**
 * Puts the page together: one store, the engine behind its actions, the views in front of it. The views are most
 * of its script, and are fetched and made while the core starts.
 */
import { Convoscope } from './engine/index.js';
import { Store } from './store/store.js';
import { createActions } from './store/actions.js';
import { isolate } from './host.js';
import { allowOwnScripts } from './isolation.js';

/** Milliseconds after which the views no longer wait for the first look, and what is not seen first for its answer. */
const VIEWS_MS = 300;
const REST_MS = 2000;

allowOwnScripts();
const store = new Store();
store.set(store.readAddress());
document.documentElement.dataset.theme = store.state.theme;

createActions(store, {
    create: async (options) => (await loadEngine()).create(options),
    fetch: async (address, onProgress) => (await loadEngine()).fetch(address, onProgress),
});

window.addEventListener('popstate', () => {
    const { layer, unit, cell } = store.readAddress();
    store.set({ layer, unit, cell, shown: 0, comparing: false });
    store.actions.readLayer();
});

/** Puts the views into the page. That holds this thread for a while: what the engine does first is asked for first. */
const showViews = once(async () => {
    const parsed = document.readyState === 'loading'
        && new Promise((done) => document.addEventListener('DOMContentLoaded', done, { once: true }));
    await Promise.all([import('./views/app.js'), parsed]);
    const app = /** @type {import('./views/app.js').ConvoApp} */ (document.createElement('convo-app'));
    app.store = store;
    document.body.append(app);
});

const wait = store.subscribe((changed) => {
    if (!changed.has('looking')) return;
    wait();
    setTimeout(showViews);
});
setTimeout(showViews, VIEWS_MS);
isolate().then(begin);

/** The stand-in engine exists in development only: the build leaves this branch out. */
async function loadEngine() {
    if (import.meta.env.DEV && new URLSearchParams(location.search).has('mock')) {
        return (await import('./mock/engine.js')).Convoscope;
    }
    return Convoscope;
}

/** @param {string} address @returns {Promise<any>} null when there is no such file */
async function json(address) {
    try {
        const answer = await fetch(address);
        return answer.ok && answer.status !== 204 ? await answer.json() : null;
    } catch {
        return null;
    }
}

/** The core starts, the network and the picture come: all at once. The rest waits for the answer. */
async function begin() {
    performance.setResourceTimingBufferSize?.(5000); /* the privacy panel lists them all */
    const starting = store.actions.start().then((scope) => {
        /** @type {any} */ (window).convoscope = scope;
    });
    const opened = await json('./open.json');
    const library = once(async () => store.actions.readLibrary());
    const model = store.state.model || (opened?.model ?? ownNetwork(library));
    const picture = store.state.picture || opened?.picture;
    if (!model) showViews();
    const samples = once(async () => store.set({ samples: (await json('./samples/index.json')) ?? [] }));
    const answered = Promise.all([starting, beginPicture(picture, samples), beginNetwork(model, opened, library)]);
    await Promise.race([answered, new Promise((late) => setTimeout(late, REST_MS))]);
    await Promise.all([library(), samples()]);
}

/** @param {string | undefined} picture address @param {() => Promise<void>} samples lists them */
async function beginPicture(picture, samples) {
    if (picture) return store.actions.openPicture(picture);
    await samples();
    const [first] = store.state.samples;
    if (!first) return;
    const { file, title: name, credit } = first;
    await store.actions.openPicture(`./samples/${file}`, { name, credit });
}

/** The first of the networks that come with the page. @param {() => Promise<void>} library reads its lists */
async function ownNetwork(library) {
    await library();
    const [first] = store.state.bundled;
    return first && `./models/${first.file}`;
}

/** @param {string | Promise<string | undefined>} asked address @param {any} opened what the server was started with
 * @param {() => Promise<void>} library reads its lists */
async function beginNetwork(asked, opened, library) {
    const model = await asked;
    if (!model) return;
    if (model.startsWith('library:')) {
        await library();
        return store.actions.openNamed(model);
    }
    const described = opened?.description && model === opened.model;
    const preprocessing = (described && (await json(opened.description))) || {};
    await store.actions.openNetwork(model, { preprocessing });
}

/** @template T @param {() => Promise<T>} work @returns {() => Promise<T>} the same work, done when first asked for */
function once(work) {
    /** @type {Promise<T> | undefined} */
    let done;
    return () => (done ??= work());
}

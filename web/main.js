// @ts-check
/// <reference types="vite/client" />
/** Puts the page together: one store, the engine behind its actions, the views in front of it. */
import { Store } from './store/store.js';
import { createActions } from './store/actions.js';
import { isolate } from './host.js';
import { allowOwnScripts } from './isolation.js';
import './views/app.js';

allowOwnScripts();
const store = new Store();
store.set(store.readAddress());
document.documentElement.dataset.theme = store.state.theme;

createActions(store, {
    create: async (options) => (await loadEngine()).create(options),
    fetch: async (address, onProgress) => (await loadEngine()).fetch(address, onProgress),
});

const app = /** @type {import('./views/app.js').ConvoApp} */ (document.createElement('convo-app'));
app.store = store;
document.body.append(app);

window.addEventListener('popstate', () => {
    const { layer, unit, cell } = store.readAddress();
    store.set({ layer, unit, cell, shown: 0, comparing: false });
    store.actions.readLayer();
});
isolate().then(begin);

/** The stand-in engine exists in development only: the build leaves this branch out. */
async function loadEngine() {
    if (import.meta.env.DEV && new URLSearchParams(location.search).has('mock')) {
        return (await import('./mock/engine.js')).Convoscope;
    }
    return (await import('./engine/index.js')).Convoscope;
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

/** The core starts, the network and the picture come: all at once. */
async function begin() {
    performance.setResourceTimingBufferSize?.(5000); /* the privacy panel lists them all */
    const starting = store.actions.start().then((scope) => {
        /** @type {any} */ (window).convoscope = scope;
    });
    const listed = json('./samples/index.json').then((samples) => {
        store.set({ samples: Array.isArray(samples) ? samples : [] });
    });
    const library = store.actions.readLibrary();
    const opened = await json('./open.json');
    await Promise.all([starting, beginPicture(opened, listed), beginNetwork(opened, library)]);
}

/** @param {any} opened what the server was started with @param {Promise<void>} listed the samples are known */
async function beginPicture(opened, listed) {
    const picture = store.state.picture || opened?.picture;
    if (picture) return store.actions.openPicture(picture);
    await listed;
    const [first] = store.state.samples;
    if (!first) return;
    const { file, title: name, credit } = first;
    await store.actions.openPicture(`./samples/${file}`, { name, credit });
}

/** @param {any} opened @param {Promise<void>} library its lists are there */
async function beginNetwork(opened, library) {
    const model = store.state.model || opened?.model;
    if (!model) return;
    if (model.startsWith('library:')) {
        await library;
        return store.actions.openNamed(model);
    }
    const described = opened?.description && model === opened.model;
    const preprocessing = (described && (await json(opened.description))) || {};
    await store.actions.openNetwork(model, { preprocessing });
}

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

createActions(store, { create: async (options) => (await loadEngine()).create(options) });

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

async function begin() {
    performance.setResourceTimingBufferSize?.(5000); /* the privacy panel lists them all */
    const [scope, opened, samples] = await Promise.all([
        store.actions.start(),
        json('./open.json'),
        json('./samples/index.json'),
    ]);
    /** @type {any} */ (window).convoscope = scope;
    store.set({ samples: Array.isArray(samples) ? samples : [] });
    if (!scope) return;
    const picture = store.state.picture || opened?.picture;
    const model = store.state.model || opened?.model;
    const first = store.state.samples[0];
    if (picture) await store.actions.openPicture(picture);
    else if (first)
        await store.actions.openPicture(`./samples/${first.file}`, {
            name: first.title,
            credit: first.credit,
        });
    const description =
        opened?.description && model === opened.model ? await json(opened.description) : null;
    if (model) await store.actions.openNetwork(model, { preprocessing: description ?? {} });
}

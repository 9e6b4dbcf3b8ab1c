// @ts-check
/// <reference types="vite/client" />
/**
 * Puts the page together: one store, the engine behind its actions, the views in front of it. The views are most
 * of its script, and are made when the first answer stands in the page (views/first-view.js).
 */
import { Convoscope } from './engine/index.js';
import { Store } from './store/store.js';
import { createActions } from './store/actions.js';
import { showFirstView } from './views/first-view.js';
import { isolate } from './host.js';
import { allowOwnScripts } from './isolation.js';
import { ask, readOpening, takeWorker } from './opening.js';

/** Milliseconds after which the rest of the page no longer waits for the first answer, nor what is not seen first. */
const PAGE_MS = 500;
const REST_MS = 2000;
/** Milliseconds in which a page that is seen shows what is in it. */
const FRAME_MS = 50;

allowOwnScripts();
const store = new Store();
store.set(store.readAddress());
document.documentElement.dataset.theme = store.state.theme;

createActions(store, {
    create: async (options) => (await loadEngine()).create({ ...options, worker: takeWorker() }),
    fetch: async (address, onProgress) => (await loadEngine()).fetch(address, onProgress, ask),
    ask,
});

window.addEventListener('popstate', () => store.actions.openAddress(store.readAddress()));

const isolated = isolate();
const starting = isolated.then(() => store.actions.start());

const parsed = document.readyState === 'loading'
    ? new Promise((done) => document.addEventListener('DOMContentLoaded', done, { once: true }))
    : Promise.resolve();
const first = parsed.then(() => showFirstView(store));

/** Network and picture are there: now the views may come, and take no turn from them. */
function fetchViews() {
    const link = /** @type {HTMLLinkElement | null} */ (document.querySelector('#views')); /* none before the build */
    if (link) Object.assign(link, { as: 'script', rel: 'preload' });
}

/** What the first answer does not need: threads, and the views, which hold this thread for a while. */
const completePage = once(async () => {
    const completed = starting.then(() => store.actions.completeStart()).then((scope) => {
        /** @type {any} */ (window).convoscope = scope;
    });
    await Promise.all([painted().then(showViews), completed]);
});

async function showViews() {
    const [removeFirst] = await Promise.all([first, import('./views/app.js')]);
    const app = /** @type {import('./views/app.js').ConvoApp} */ (document.createElement('convo-app'));
    app.store = store;
    removeFirst();
    document.body.append(app);
    await app.updateComplete;
    showIcon();
    performance.mark('whole-page');
}

when(({ looking }) => looking, fetchViews);
when(({ look, failure, networkError, pictureError }) => look || failure || networkError || pictureError, completePage);
setTimeout(completePage, PAGE_MS);
isolated.then(begin);

/** Once, with the first change after which the state is so. @param {(state: Record<string, any>) => any} is @param {() => void} act */
function when(is, act) {
    const stop = store.subscribe(() => {
        if (!is(store.state)) return;
        stop();
        act();
    });
}

/** A browser draws an icon as it draws a page, and so it comes last. */
function showIcon() {
    const icon = /** @type {HTMLLinkElement | null} */ (document.querySelector('link[rel=icon]'));
    if (icon?.dataset.href) icon.href = icon.dataset.href;
}

/** What is in the document has been shown, or nobody sees this page. */
async function painted() {
    const frame = new Promise((done) => requestAnimationFrame(done));
    await Promise.race([frame.then(() => new Promise((done) => setTimeout(done))), new Promise((done) => setTimeout(done, FRAME_MS))]);
}

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
    const opening = readOpening();
    const model = store.state.model || opening.model; /* the address bar's comes first */
    const picture = store.state.picture || opening.picture;
    const library = once(async () => store.actions.readLibrary());
    if (!model || !picture) completePage(); /* there is no answer to wait for */
    const answered = Promise.all([starting, beginPicture(picture, opening), beginNetwork(model, opening, library)]);
    await Promise.race([answered, new Promise((late) => setTimeout(late, REST_MS))]);
    await Promise.all([library(), readSamples()]);
}

async function readSamples() {
    store.set({ samples: (await json('./samples/index.json')) ?? [] });
}

/** @param {string | undefined} picture address @param {import('./opening.js').Opening} opening */
async function beginPicture(picture, opening) {
    if (!picture) return;
    const { name, credit } = picture === opening.picture ? opening : /** @type {any} */ ({});
    await store.actions.openPicture(picture, { name, credit });
}

/** @param {string | undefined} model address @param {import('./opening.js').Opening} opening
 * @param {() => Promise<void>} library reads its lists */
async function beginNetwork(model, opening, library) {
    if (!model) return;
    if (model.startsWith('library:')) {
        await library();
        return store.actions.openNamed(model);
    }
    const preprocessing = (model === opening.model && opening.description) || {};
    await store.actions.openNetwork(model, { preprocessing });
}

/** @template T @param {() => Promise<T>} work @returns {() => Promise<T>} the same work, done when first asked for */
function once(work) {
    /** @type {Promise<T> | undefined} */
    let done;
    return () => (done ??= work());
}

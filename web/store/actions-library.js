// @ts-check
/** The library: networks that come with the page, and public ones that are fetched when the user asks. */

const CACHE = 'convoscope-library';
/** How an address of the page names a network of the library. */
const SCHEME = 'library:';

/**
 * @typedef {object} Network
 * @property {string} id
 * @property {string} title
 * @property {string} about
 * @property {string} address
 * @property {number} bytes
 * @property {string} [sha256]
 * @property {string} [licence]
 * @property {Record<string, string>} [preprocessing]
 */

export function libraryActions(store, engine) {
    /** @type {Worker | null} */
    let worker = null;

    const find = (id) => store.state.library.find((n) => n.id === id);

    /** Reads the two lists, and what of them is on this computer. */
    async function readLibrary() {
        const [bundled, known] = await Promise.all([
            list('./models/index.json'),
            list('./library.json'),
        ]);
        store.set({ bundled: bundled ?? [], library: known?.networks ?? [] });
        const tell = () => store.set({ offline: !navigator.onLine });
        window.addEventListener('online', tell);
        window.addEventListener('offline', tell);
        tell();
        await readKept();
    }

    /** Cache storage needs a secure address; without it everything else works. */
    const cache = () => globalThis.caches?.open(CACHE).catch(() => null) ?? null;

    async function readKept() {
        const requests = (await (await cache())?.keys()) ?? [];
        const addresses = new Set(requests.map((r) => r.url));
        store.set({
            kept: store.state.library.filter((n) => addresses.has(n.address)).map((n) => n.id),
        });
    }

    /** Fetches, checks and keeps a network, then opens it. */
    async function fetchNetwork(id) {
        const network = find(id);
        if (!network || store.state.fetching) return;
        store.set({ fetching: { id, got: 0 }, libraryError: '' });
        const error = await work(network);
        if (error === undefined) return; /* cancelled */
        endFetch();
        store.set({ libraryError: error });
        await readKept();
        if (!error) await openKept(id);
    }

    /** @returns {Promise<string | undefined>} what went wrong, '' when nothing did, undefined when it was cancelled */
    function work(network) {
        return new Promise((done) => {
            const mine = new Worker(new URL('./library-worker.js', import.meta.url), { type: 'module' });
            worker = mine;
            const end = (/** @type {string} */ error) => {
                mine.terminate();
                if (worker === mine) done(error);
            };
            mine.onerror = () => end('The library could not be started.');
            mine.onmessage = ({ data }) => {
                if (worker !== mine) return void done(undefined);
                if (data.got !== undefined) store.set({ fetching: { id: network.id, got: data.got } });
                else end(data.error ?? '');
            };
            const { title, address, bytes, sha256 } = network;
            mine.postMessage({ title, address, bytes, sha256 });
        });
    }

    function cancelFetch() {
        if (!store.state.fetching) return;
        worker?.terminate();
        worker = null;
        endFetch();
    }

    /** What was asked of another host is told, however it ended. */
    function endFetch() {
        const { fetching, fetched } = store.state;
        const asked = { address: find(fetching.id).address, bytes: fetching.got };
        store.set({ fetching: null, fetched: [...fetched, asked] });
    }

    /** Opens a network that is on this computer; false when it is not. */
    async function openKept(id) {
        const network = find(id);
        const answer = network && (await (await cache())?.match(network.address));
        if (!answer) return false;
        const blob = await answer.blob();
        store.set({ dialog: '' });
        const name = network.address.split('/').pop() ?? network.title;
        const { preprocessing } = network;
        await store.actions.openNetwork(blob, { name, preprocessing, address: SCHEME + id });
        return true;
    }

    async function openBundled(file) {
        store.set({ dialog: '' });
        await store.actions.openNetwork(`./models/${file}`, { name: file });
    }

    async function removeKept(id) {
        await (await cache())?.delete(find(id).address);
        await readKept();
    }

    /** What this browser keeps of what networks said of pictures. */
    async function readFeatures() {
        const features = await engine.scope?.keptFeatures().catch(() => null);
        if (features) store.set({ features });
    }

    async function removeFeatures() {
        await engine.scope?.removeFeatures().catch(() => null);
        await readFeatures();
    }

    /** `library:ID` of the page's address: opens it when it is here, else shows where it is to be had. */
    async function openNamed(name) {
        if (!(await openKept(name.slice(SCHEME.length)))) store.set({ dialog: 'library' });
    }

    return { readLibrary, fetchNetwork, cancelFetch, openKept, openBundled, removeKept, readFeatures, removeFeatures, openNamed };
}

/** @param {string} address @returns {Promise<any>} null when there is none */
async function list(address) {
    const answer = await fetch(address).catch(() => null);
    return answer?.ok ? answer.json().catch(() => null) : null;
}

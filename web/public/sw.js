// @ts-check
/// <reference lib="webworker" />
/**
 * The site's service worker. It gives the page cross-origin isolation, and with it threads, on
 * hosts that cannot send headers, and it lets the page work without a network. It asks the network
 * first, keeps the site's own files only, and never touches a request to another host.
 */
const worker = /** @type {ServiceWorkerGlobalScope} */ (/** @type {unknown} */ (self));

const CACHE = 'convoscope';
const SCOPE = new URL('./', worker.location.href).href;

const ISOLATION = [
    ['Cross-Origin-Opener-Policy', 'same-origin'],
    ['Cross-Origin-Embedder-Policy', 'require-corp'],
    ['Cross-Origin-Resource-Policy', 'same-origin'],
];

/** What a server was started with is not the site's own; the page that says so must not be stored. */
const OPENED = `${SCOPE}opened/`;
/** @param {Response} response */
const mayKeep = (response) => !response.headers.get('cache-control')?.includes('no-store');

/**
 * The same response with the headers of isolation. One that has them stays as it came, since browsers keep the
 * compiled code of those only.
 * @param {Response} response
 */
function isolate(response) {
    const headers = new Headers(response.headers);
    if (ISOLATION.every(([name, value]) => headers.get(name) === value)) return response;
    for (const [name, value] of ISOLATION) headers.set(name, value);
    // These answers must not have a body, not even an empty one.
    const body = [204, 205, 304].includes(response.status) ? null : response.body;
    return new Response(body, {
        status: response.status,
        statusText: response.statusText,
        headers,
    });
}

/** Puts the files of the present build into the cache, and drops those of earlier builds. */
async function keepSite() {
    const address = `${SCOPE}files.json`;
    const list = await fetch(address, { cache: 'no-cache' });
    if (!list.ok) return;
    const text = await list.text();
    const cache = await caches.open(CACHE);
    if ((await (await cache.match(address))?.text()) === text) return;

    /** @type {string[]} */
    const names = JSON.parse(text);
    const wanted = new Set(names.map((name) => new URL(name, SCOPE).href));
    for (const request of await cache.keys()) {
        const onDemand = /\/(models|pictures|samples)\/[^/]*$/.test(request.url);
        if (!wanted.has(request.url) && !onDemand) await cache.delete(request);
    }
    for (const url of wanted) {
        const response = await fetch(url === SCOPE ? `${SCOPE}index.html` : url, { cache: 'no-cache' });
        if (!response.ok) return;
        await cache.put(url, response);
    }
    // The list comes last: it says that the others are there.
    await cache.put(address, new Response(text, { headers: list.headers }));
}

/** @param {FetchEvent} event */
async function answer(event) {
    const { request } = event;
    const url = request.url.split('#')[0];
    const own = !url.startsWith(OPENED);
    if (url === `${SCOPE}files.json`) return isolate(await fetch(request));
    try {
        const response = await fetch(request);
        if (own && response.status === 200 && response.type === 'basic' && mayKeep(response)) {
            // Kept while the page already reads it.
            const copy = response.clone();
            const keeping = caches.open(CACHE).then((cache) => cache.put(url.split('?')[0], copy));
            event.waitUntil(keeping.catch(() => {}));
        }
        return isolate(response);
    } catch (error) {
        const kept = own && (await caches.match(url.split('?')[0]));
        if (kept) return isolate(kept);
        throw error;
    }
}

worker.addEventListener('install', () => void worker.skipWaiting());

worker.addEventListener('activate', (event) => {
    event.waitUntil(worker.clients.claim());
    // Not waited for: the page is to be isolated at once, and may be without a network later. Without a
    // list, or without room, it works all the same.
    keepSite().catch(() => {});
});

worker.addEventListener('fetch', (event) => {
    const { request } = event;
    if (request.method !== 'GET' || !request.url.startsWith(SCOPE)) return;
    // A part of a file cannot be kept, and `only-if-cached` is the browser's own business.
    if (request.headers.has('range') || request.cache === 'only-if-cached') return;
    event.respondWith(answer(event));
    if (request.mode === 'navigate') event.waitUntil(keepSite().catch(() => {}));
});

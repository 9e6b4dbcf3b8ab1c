// @ts-check
/// <reference types="vite/client" />
/** What the page needs of its host: isolation, without which there are no threads. */

const TRIED = 'convoscope.isolation';
const PATIENCE = 4000; /* ms for the service worker to take over */

/**
 * Starts the site's service worker, which keeps the site for use without a network and, where the host
 * sends no headers of isolation, adds them: then the page is loaded once more. `?isolation=off` leaves it out.
 */
export async function isolate() {
    const off = new URLSearchParams(location.search).get('isolation') === 'off';
    if (off || !navigator.serviceWorker || !import.meta.env.PROD) return;
    try {
        const registered = navigator.serviceWorker.register(new URL('sw.js', document.baseURI));
        if (window.crossOriginIsolated || sessionStorage.getItem(TRIED))
            return void registered.catch(() => {});
        await registered;
        await Promise.race([
            taken(),
            new Promise((_, late) => setTimeout(() => late(new Error('late')), PATIENCE)),
        ]);
        sessionStorage.setItem(TRIED, '1');
        location.reload();
        await new Promise(() => {}); /* nothing is begun that the reload would end */
    } catch {
        /* Without it everything works, on one thread and with a network. */
    }
}

/** The service worker controls this page. */
async function taken() {
    if (navigator.serviceWorker.controller) return;
    await new Promise((done) =>
        navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }),
    );
}

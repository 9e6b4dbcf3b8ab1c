// @ts-check
/// <reference types="vite/client" />
/** What the page needs of its host: isolation, without which there are no threads. */

const TRIED = 'convoscope.isolation';
const PATIENCE = 4000; /* ms for the service worker to take over */

/** A page that is not asked to leave it out, in a browser that has them, has a service worker. */
const hasServiceWorker = () =>
    import.meta.env.PROD && Boolean(navigator.serviceWorker) && new URLSearchParams(location.search).get('isolation') !== 'off';

/** The page will be loaded once more, now that it has no threads: what is begun is in vain. */
export function willReload() {
    return hasServiceWorker() && !window.crossOriginIsolated && !tried();
}

/** It was loaded once more already, or that could not be remembered. */
function tried() {
    try {
        return Boolean(sessionStorage.getItem(TRIED));
    } catch {
        return true;
    }
}

/**
 * Starts the site's service worker, which keeps the site for use without a network and, where the host
 * sends no headers of isolation, adds them: then the page is loaded once more. `?isolation=off` leaves it out.
 */
export async function isolate() {
    if (!hasServiceWorker()) return;
    try {
        const reload = willReload();
        const registered = navigator.serviceWorker.register(new URL('sw.js', document.baseURI));
        if (!reload) return void registered.catch(() => {});
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

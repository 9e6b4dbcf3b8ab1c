// @ts-check
/**
 * What the page asks of the browser before anything else: one policy for script addresses, and
 * isolation from other sites, without which there are no threads. Safe to use from the page and
 * from a worker.
 */

/** Only the site's own scripts may start. The content security policy demands such a policy. */
export function allowOwnScripts() {
    const { trustedTypes } = /** @type {any} */ (globalThis);
    if (!trustedTypes || trustedTypes.defaultPolicy) return;
    trustedTypes.createPolicy('default', {
        /** @param {string} address */
        createScriptURL(address) {
            if (new URL(address, location.href).origin !== location.origin) {
                throw new TypeError(`${address} belongs to another site`);
            }
            return address;
        },
    });
}

const TRIED = 'convoscope.isolation';

/**
 * Starts the service worker, which lets the page work without a network and, on hosts that send no
 * headers, isolates it: that takes one reload, and never more than one. Call it from the page.
 * `?isolation=off` in the address leaves things as they are.
 * @returns {Promise<void>} when there is nothing to wait for; never rejects
 */
export async function requestIsolation() {
    if (!('serviceWorker' in navigator) || !window.isSecureContext) return;
    if (new URLSearchParams(location.search).get('isolation') === 'off') return;
    try {
        await navigator.serviceWorker.register(new URL('sw.js', document.baseURI));
        if (window.crossOriginIsolated) {
            sessionStorage.removeItem(TRIED);
            return;
        }
        if (sessionStorage.getItem(TRIED)) return;
        sessionStorage.setItem(TRIED, '1');
        await navigator.serviceWorker.ready;
        location.reload();
    } catch {
        // Private windows and some embeddings refuse; one thread it is.
    }
}

// @ts-check
/**
 * Which scripts may start. Safe to use from the page and from a worker, any number of times.
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

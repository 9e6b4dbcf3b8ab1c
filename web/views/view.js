// @ts-check
import { LitElement } from 'lit';

/**
 * A view: draws `store.state`, calls `store.actions`, and redraws when a property that it watches changes.
 * Views live in the page's own tree, so that labels, focus and styles work across them.
 */
export class View extends LitElement {
    static properties = { store: { attribute: false } };
    /** Names of the properties that this view depends on. @type {string[]} */
    static watch = [];

    constructor() {
        super();
        /** Set by the parent before the first update. @type {import('../store/store.js').Store} */
        this.store = /** @type {any} */ (undefined);
    }

    createRenderRoot() {
        return this;
    }

    get state() {
        return this.store.state;
    }

    connectedCallback() {
        super.connectedCallback();
        const watched = /** @type {any} */ (this.constructor).watch;
        this.unsubscribe = this.store?.subscribe((changed) => {
            if (watched.some((name) => changed.has(name))) {
                this.changed(changed);
                this.requestUpdate();
            }
        });
        this.requestUpdate();
    }

    disconnectedCallback() {
        super.disconnectedCallback();
        this.unsubscribe?.();
    }

    /** @param {Set<string>} changed */
    changed(changed) {
        void changed;
    }
}

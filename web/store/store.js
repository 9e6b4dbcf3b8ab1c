// @ts-check
import { properties } from './properties.js';

const KEPT = 'convoscope.';
const SOON = 120; /* ms */

/** One place for everything that more than one view needs. Views read `store.state` and call `store.actions`. */
export class Store {
    /** @type {Record<string, any>} */
    state = {};
    /** Filled in by main.js: the only way for a view to make something happen. @type {Record<string, Function>} */
    actions = {};
    #listeners = new Set();
    #pending = 0;

    constructor() {
        for (const property of properties) this.state[property.name] = property.default;
        for (const property of properties.filter((p) => p.kept)) {
            const text = read(KEPT + property.name);
            const value = text === null ? undefined : (property.parse ?? String)(text);
            if (value !== undefined) this.state[property.name] = value;
        }
    }

    /** Sets properties, tells those who listen, and writes the address bar soon after. */
    set(patch) {
        const changed = new Set();
        for (const [name, value] of Object.entries(patch)) {
            if (!(name in this.state)) throw new Error(`store: no property '${name}'`);
            if (Object.is(this.state[name], value)) continue;
            this.state[name] = value;
            changed.add(name);
        }
        if (!changed.size) return;
        for (const property of properties) {
            if (property.kept && changed.has(property.name)) {
                write(KEPT + property.name, (property.format ?? String)(this.state[property.name]));
            }
        }
        if (changed.has('layer') || changed.has('unit')) this.#writeAddress();
        else if (properties.some((p) => p.inUrl && changed.has(p.name))) this.#writeSoon();
        for (const listener of [...this.#listeners]) listener(changed);
    }

    /** @param {(changed: Set<string>) => void} listener @returns {() => void} call it to stop */
    subscribe(listener) {
        this.#listeners.add(listener);
        return () => this.#listeners.delete(listener);
    }

    /** What the address bar says, defaults filled in. */
    readAddress(search = location.search) {
        const query = new URLSearchParams(search);
        /** @type {Record<string, any>} */
        const patch = {};
        for (const property of properties.filter((p) => p.inUrl)) {
            const text = query.get(property.name);
            const value = text === null ? undefined : (property.parse ?? String)(text);
            patch[property.name] = value === undefined ? property.default : value;
        }
        return patch;
    }

    address() {
        const query = new URLSearchParams(location.search);
        for (const property of properties.filter((p) => p.inUrl)) {
            const value = this.state[property.name];
            const text = value === null ? '' : (property.format ?? String)(value);
            const silent =
                value === null ||
                text ===
                    (property.default === null
                        ? ''
                        : (property.format ?? String)(property.default));
            if (silent) query.delete(property.name);
            else query.set(property.name, text);
        }
        // Slashes, colons and commas are legal in a query; layer names read better with them.
        const text = query
            .toString()
            .replace(/%2F/g, '/')
            .replace(/%3A/g, ':')
            .replace(/%2C/g, ',');
        return text ? `?${text}` : location.pathname;
    }

    /** Soon, since a slider changes a property many times a second. */
    #writeSoon() {
        this.#pending ||= window.setTimeout(() => this.#writeAddress(), SOON);
    }

    /** Going to another depth is a step of the history, everything else replaces the present one. */
    #writeAddress() {
        clearTimeout(this.#pending);
        this.#pending = 0;
        const depth = `${this.state.layer}:${this.state.unit}`;
        const deeper = history.state?.depth !== undefined && history.state.depth !== depth;
        const address = this.address();
        if (deeper) history.pushState({ depth }, '', address);
        else history.replaceState({ depth }, '', address);
    }
}

function read(key) {
    try {
        return localStorage.getItem(key);
    } catch {
        return null; /* storage may be forbidden: the page then forgets, no more */
    }
}

function write(key, text) {
    try {
        localStorage.setItem(key, text);
    } catch {
        /* see read */
    }
}

// @ts-check
/**
 * Makes features of pictures outlive the core: what runs leave with a network goes into files, and what a run will look
 * for comes from them before it looks.
 */
import { sumOfFiles } from './feature-files.js';

/** @typedef {{files: (Blob | Uint8Array)[], sum?: Promise<string | null>, written: Map<string, number>}} Kept */

/** A table is written again when so large a share of it is new: a few pictures are soon looked at again. */
const WORTH_WRITING = 1 / 64;

export class FeatureKeeper {
    #core;
    #files;
    /** By network: its sum, once it was asked for, and how many records the file of each table has.
     * @type {Map<number, Kept>} */
    #networks = new Map();
    #last = Promise.resolve();

    /** @param {import('./core.js').Core} core @param {import('./feature-files.js').FeatureFiles} files */
    constructor(core, files) {
        this.#core = core;
        this.#files = files;
        this.key = `${core.version} ${core.kind.startsWith('relaxed') ? 'fused' : 'plain'}`;
    }

    /** @param {number} model @param {(Blob | Uint8Array)[]} files the network's */
    opened(model, files) {
        this.#networks.set(model, { files, written: new Map() });
    }

    /** @param {number} model */
    closed(model) {
        this.#networks.delete(model);
    }

    /** Fills the tables that are new since the last call. @param {number} model */
    async restore(model) {
        const network = this.#of(model);
        const tables = this.#core.features(model);
        for (const name of network.written.keys())
            if (!tables.some((table) => table.name === name)) network.written.delete(name);
        for (const { name, words } of tables) {
            if (network.written.has(name)) continue;
            network.written.set(name, 0);
            const sum = await this.#sum(network);
            const kept = sum && (await this.#files.read(sum, { name, core: this.key }));
            if (!kept || kept.words !== words) continue;
            this.#core.featuresAdd(model, kept);
            network.written.set(name, kept.count);
        }
    }

    /** Writes, some time later, the tables that have grown. @param {number} model */
    keep(model) {
        const network = this.#of(model);
        for (const { name, count, words, copy } of this.#core.features(model)) {
            const before = network.written.get(name) ?? 0;
            if (count === before || (count > before && count - before < count * WORTH_WRITING)) continue;
            network.written.set(name, count);
            const table = { name, core: this.key, count, words, data: copy() };
            this.#last = this.#last.then(async () => {
                const sum = await this.#sum(network);
                if (sum) await this.#files.write(sum, table);
            });
        }
    }

    /** What is kept, when what is being written is. */
    async size() {
        await this.#last;
        return this.#files.size();
    }

    async clear() {
        await this.#last;
        for (const { written } of this.#networks.values()) for (const name of written.keys()) written.set(name, 0);
        return this.#files.clear();
    }

    /** @param {number} model */
    #of(model) {
        return /** @type {Kept} */ (this.#networks.get(model));
    }

    /** Null where the page has no right to sums, as it has none to files then. @param {Kept} network */
    #sum(network) {
        return (network.sum ??= sumOfFiles(network.files).catch(() => null));
    }
}

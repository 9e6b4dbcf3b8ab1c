// @ts-check
/**
 * Features of pictures in the browser's private file system: FOLDER/NETWORK/TABLE. A file is written beside its place
 * and moved there, one writer at a time in all tabs. Where there is no such file system, or no room, nothing is kept
 * and nobody is told; what is damaged, or of another core, counts as not there.
 *
 * @typedef {{name: string, core: string, count: number, words: number, data: Uint32Array}} Table name and core: all
 *     that its records depend on but network and picture; data: [count,words]
 */
const FOLDER = 'features';
/** A file of each folder: when it was last used, in milliseconds. */
const USED = 'used';
/** What is being written. */
const PART = 'part';
const LOCK = 'convoscope-features';
/** Together; the network that was not used for longest goes first. */
const MOST_BYTES = 256e6;
const FORMAT = 1;
const SUM_BYTES = 32;

export class FeatureFiles {
    #root;
    #most;

    /**
     * @param {() => Promise<FileSystemDirectoryHandle>} [root] of the file system; fails where there is none
     * @param {number} [most] bytes together
     */
    constructor(root = () => navigator.storage.getDirectory(), most = MOST_BYTES) {
        this.#root = root;
        this.#most = most;
    }

    /** @param {string} network @param {{name: string, core: string}} wanted @returns {Promise<Table | null>} */
    read(network, { name, core }) {
        return quietly(null, async () => {
            const folder = await (await this.#top()).getDirectoryHandle(network);
            const file = await fileName(name);
            const bytes = await (await (await folder.getFileHandle(file)).getFile()).arrayBuffer();
            const table = await decode(bytes);
            if (table?.name === name && table.core === core) {
                await quietly(null, () => touch(folder));
                return table;
            }
            await alone(() => folder.removeEntry(file));
            return null;
        });
    }

    /** @param {string} network @param {Table} table in place of the one of that name */
    write(network, table) {
        return quietly(false, async () => {
            const file = await fileName(table.name);
            const bytes = await encode(table);
            return alone(async () => {
                const top = await this.#top({ create: true });
                if (!(await this.#makeRoom(top, network, bytes.length))) return false;
                const folder = await top.getDirectoryHandle(network, { create: true });
                try {
                    const part = /** @type {any} */ (await put(folder, PART, bytes));
                    await part.move(file);
                } catch (error) {
                    await folder.removeEntry(PART);
                    throw error;
                }
                await touch(folder);
                return true;
            });
        });
    }

    /** What is kept. @returns {Promise<{bytes: number, networks: number}>} */
    size() {
        return quietly({ bytes: 0, networks: 0 }, () => alone(async () => {
            const kept = (await foldersOf(await this.#top())).filter(({ bytes }) => bytes > 0);
            return { bytes: kept.reduce((sum, { bytes }) => sum + bytes, 0), networks: kept.length };
        }));
    }

    clear() {
        return quietly(undefined, () => alone(async () => (await this.#root()).removeEntry(FOLDER, { recursive: true })));
    }

    async #top({ create = false } = {}) {
        return (await this.#root()).getDirectoryHandle(FOLDER, { create });
    }

    /**
     * Whether so many bytes more fit; other networks go for them, this one's other tables last.
     * @param {FileSystemDirectoryHandle} top @param {string} network @param {number} bytes
     */
    async #makeRoom(top, network, bytes) {
        if (bytes > this.#most) return false;
        const kept = await foldersOf(top);
        kept.sort((a, b) => Number(a.name === network) - Number(b.name === network) || a.used - b.used);
        let total = bytes + kept.reduce((sum, folder) => sum + folder.bytes, 0);
        for (const folder of kept) {
            if (total <= this.#most) break;
            await top.removeEntry(folder.name, { recursive: true });
            total -= folder.bytes;
        }
        return true;
    }
}

/** @template T, U @param {U} otherwise @param {() => Promise<T>} work @returns {Promise<T | U>} what it gives, or where it fails, that */
async function quietly(otherwise, work) {
    try {
        return await work();
    } catch {
        return otherwise;
    }
}

/** With no other tab at it. @template T @param {() => Promise<T>} work @returns {Promise<T>} */
async function alone(work) {
    const locks = globalThis.navigator?.locks;
    return locks ? locks.request(LOCK, work) : work();
}

/** @param {FileSystemDirectoryHandle} folder @param {string} name @param {Uint8Array<ArrayBuffer>} bytes */
async function put(folder, name, bytes) {
    const handle = await folder.getFileHandle(name, { create: true });
    const open = await /** @type {any} */ (handle).createSyncAccessHandle();
    try {
        open.truncate(0);
        if (open.write(bytes, { at: 0 }) !== bytes.length) throw new Error('there is no more room');
        open.flush();
    } finally {
        open.close();
    }
    return handle;
}

/** @param {FileSystemDirectoryHandle} folder */
async function touch(folder) {
    await put(folder, USED, new TextEncoder().encode(String(Date.now())));
}

/** @param {FileSystemDirectoryHandle} top @returns {Promise<{name: string, bytes: number, used: number}[]>} */
async function foldersOf(top) {
    const folders = [];
    for await (const [name, folder] of /** @type {any} */ (top).entries()) {
        let [bytes, used] = [0, 0];
        for await (const [inner, handle] of folder.entries()) {
            const file = await handle.getFile();
            if (inner === USED) used = Number(await file.text());
            else bytes += file.size;
        }
        folders.push({ name, bytes, used });
    }
    return folders;
}

/* ---- the format: sum of what follows, length of the head, head as JSON filled up to whole words, records ---- */

/** @param {Table} table */
async function encode({ data, ...head }) {
    const text = new TextEncoder().encode(JSON.stringify({ format: FORMAT, ...head }));
    const records = SUM_BYTES + 4 + Math.ceil(text.length / 4) * 4;
    const bytes = new Uint8Array(records + data.byteLength);
    new DataView(bytes.buffer).setUint32(SUM_BYTES, text.length, true);
    bytes.set(text, SUM_BYTES + 4);
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), records);
    bytes.set(await sumOf(bytes.subarray(SUM_BYTES)));
    return bytes;
}

/** @param {ArrayBuffer} buffer @returns {Promise<Table | null>} null where it is not what was written */
async function decode(buffer) {
    if (buffer.byteLength < SUM_BYTES + 4) return null;
    const sum = await sumOf(new Uint8Array(buffer, SUM_BYTES));
    if (sum.some((byte, i) => byte !== new Uint8Array(buffer)[i])) return null;
    const length = new DataView(buffer).getUint32(SUM_BYTES, true);
    const { format, ...head } = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, SUM_BYTES + 4, length)));
    const data = new Uint32Array(buffer, SUM_BYTES + 4 + Math.ceil(length / 4) * 4);
    return format === FORMAT && data.length === head.count * head.words ? { ...head, data } : null;
}

/** @param {Uint8Array<ArrayBuffer>} bytes @returns {Promise<Uint8Array>} */
async function sumOf(bytes) {
    return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** @param {Uint8Array} bytes */
const hex = (bytes) => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('');

/** Names of tables have signs that names of files may not. @param {string} name */
async function fileName(name) {
    return hex(await sumOf(new TextEncoder().encode(name)));
}

const PIECE = 8 << 20;

/**
 * Tells networks apart: SHA-256 of those of the pieces of its files, of which one is in memory at a time.
 * @param {(Blob | Uint8Array)[]} files
 */
export async function sumOfFiles(files) {
    const sums = [];
    for (const file of files.map((given) => new Blob([/** @type {BlobPart} */ (given)]))) {
        sums.push(String(file.size));
        for (let at = 0; at < file.size; at += PIECE)
            sums.push(hex(await sumOf(new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer()))));
    }
    return hex(await sumOf(new TextEncoder().encode(sums.join(' '))));
}

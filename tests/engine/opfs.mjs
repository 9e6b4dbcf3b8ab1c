// @ts-check
/** A private file system in memory, as far as the engine uses it. */

const fault = (/** @type {string} */ name) => Object.assign(new Error(name), { name });

class FakeFile {
    kind = 'file';
    bytes = new Uint8Array(0);
    #open = false;

    /** @param {FakeFolder} folder @param {string} name */
    constructor(folder, name) {
        Object.assign(this, { folder, name });
    }
    async getFile() {
        return new File([this.bytes], this.name);
    }
    async createSyncAccessHandle() {
        if (this.#open) throw fault('NoModificationAllowedError');
        this.#open = true;
        return {
            truncate: (size) => { this.bytes = this.bytes.slice(0, size); },
            write: (data, { at }) => {
                const fits = Math.min(data.length, this.folder.disk.room);
                const grown = new Uint8Array(Math.max(this.bytes.length, at + fits));
                grown.set(this.bytes);
                grown.set(data.subarray(0, fits), at);
                this.bytes = grown;
                return fits;
            },
            flush: () => {},
            close: () => { this.#open = false; },
        };
    }
    async move(name) {
        if (this.folder.disk.breaks) throw fault('AbortError');
        this.folder.inside.delete(this.name);
        this.folder.inside.set(name, this);
        this.name = name;
    }
}

export class FakeFolder {
    kind = 'directory';
    /** @type {Map<string, any>} */
    inside = new Map();

    /** @param {{room: number, breaks: boolean}} disk bytes that a write may have; whether moving fails */
    constructor(disk = { room: Infinity, breaks: false }) {
        this.disk = disk;
    }
    async getDirectoryHandle(name, { create = false } = {}) {
        if (create && !this.inside.has(name)) this.inside.set(name, new FakeFolder(this.disk));
        return this.#get(name);
    }
    async getFileHandle(name, { create = false } = {}) {
        if (/[/\\]/.test(name)) throw new TypeError('Name is not allowed');
        if (create && !this.inside.has(name)) this.inside.set(name, new FakeFile(this, name));
        return this.#get(name);
    }
    async removeEntry(name, { recursive = false } = {}) {
        const { inside } = this.#get(name);
        if (inside?.size && !recursive) throw fault('InvalidModificationError');
        this.inside.delete(name);
    }
    async *entries() {
        yield* this.inside.entries();
    }
    #get(name) {
        if (!this.inside.has(name)) throw fault('NotFoundError');
        return this.inside.get(name);
    }
}

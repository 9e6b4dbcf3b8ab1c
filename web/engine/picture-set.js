// @ts-check
/** A set of pictures, as the page holds it: names, classes and thumbnails; the pixels are in the worker. */
export class PictureSet {
    #link;
    #files;
    #generation;
    #id;

    /**
     * @param {import('./link.js').Link} link
     * @param {{blob: Blob, name: string, group: string}[]} files kept, to read them again when the core had to be replaced
     * @param {any} opened
     */
    constructor(link, files, opened) {
        this.#link = link;
        this.#files = files;
        this.#generation = link.generation;
        this.#id = opened.id;
        /** @type {string[]} */ this.names = opened.names;
        /** Classes; '' where a picture has none. @type {string[]} */ this.groups = opened.groups;
        /** Names of the files that could not be read. @type {string[]} */ this.skipped = opened.skipped;
        /** Thumbnails in rows of `columns`, squares of `tile` pixels. @type {ImageBitmap} */ this.atlas = opened.atlas;
        this.tile = opened.tile;
        this.columns = opened.columns;
    }

    get count() {
        return this.names.length;
    }

    /** Its number in the present core. @returns {Promise<number>} */
    async attach() {
        await this.#link.ready();
        if (this.#generation === this.#link.generation) return this.#id;
        const opened = await this.#link.begin('openSet', { files: this.#files }).reply;
        this.#generation = this.#link.generation;
        return (this.#id = opened.id);
    }

    /** Gives its memory back. */
    async close() {
        this.atlas.close?.();
        if (this.#generation === this.#link.generation) await this.#link.call('closeSet', { id: this.#id });
    }
}

// @ts-check
/**
 * Sets of pictures in the worker: decoded once, made smaller, kept for every run; the page has their thumbnails.
 */
import { draw, pixelsEach, pixelsOf } from './image.js';

/** Sides of a thumbnail, by how many pictures there are: the atlas stays below what phones can draw. */
const TILES = [[1500, 64], [4000, 48], [12000, 28], [Infinity, 20]];

export class Sets {
    /** @type {Map<number, {pixels: import('./image.js').Pixels, name: string, group: string}[]>} */
    #kept = new Map();
    #last = 0;

    /** @param {number} id */
    pictures(id) {
        return this.#kept.get(id) ?? [];
    }

    /** @param {number} id */
    forget(id) {
        this.#kept.delete(id);
    }

    /**
     * What cannot be read is left out and named.
     * @param {{blob: Blob, name: string, group: string}[]} files @param {import('./protocol.js').Call} call
     */
    async open(files, call) {
        const mostPixels = pixelsEach(files.length);
        const tile = /** @type {number[]} */ (TILES.find(([most]) => files.length <= most))[1];
        const columns = Math.ceil(Math.sqrt(files.length));
        const atlas = new OffscreenCanvas(columns * tile, Math.ceil(files.length / columns) * tile);
        const context = /** @type {OffscreenCanvasRenderingContext2D} */ (atlas.getContext('2d'));
        const kept = [];
        /** @type {string[]} */
        const skipped = [];
        for (const [i, { blob, name, group }] of files.entries()) {
            if (call.cancelled) return null;
            call.progress({ done: i / files.length });
            try {
                const canvas = await draw(blob, mostPixels);
                const [cut, at] = [Math.min(canvas.width, canvas.height), kept.length];
                context.drawImage(canvas, (canvas.width - cut) / 2, (canvas.height - cut) / 2, cut, cut,
                    (at % columns) * tile, Math.floor(at / columns) * tile, tile, tile);
                kept.push({ pixels: pixelsOf(canvas), name, group });
            } catch {
                skipped.push(name);
            }
        }
        const id = ++this.#last;
        this.#kept.set(id, kept);
        const picture = atlas.transferToImageBitmap();
        return { id, names: kept.map((p) => p.name), groups: kept.map((p) => p.group), skipped, tile, columns, atlas: picture };
    }
}

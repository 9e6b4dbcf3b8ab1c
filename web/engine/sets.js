// @ts-check
/**
 * Sets of pictures in the worker: decoded once, made smaller, kept for every run; the page has their thumbnails.
 */
import { draw, pixelsEach, pixelsOf } from './image.js';

/** Sides of a thumbnail, by how many pictures there are: the atlas stays below what phones can draw. */
const TILES = [[1500, 64], [4000, 48], [12000, 28], [Infinity, 20]];

/** So many are decoded at once, and files of so many bytes together: the decoder works in threads of its own. */
const MOST_AT_ONCE = 8;
const BYTES_AT_ONCE = 8e6;

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
        let done = 0;
        for await (const { file, canvas } of drawnAhead(files, mostPixels)) {
            if (call.cancelled) return null;
            call.progress({ done: ++done / files.length });
            const { name, group } = file;
            if (!canvas) {
                skipped.push(name);
                continue;
            }
            const [cut, at] = [Math.min(canvas.width, canvas.height), kept.length];
            context.drawImage(canvas, (canvas.width - cut) / 2, (canvas.height - cut) / 2, cut, cut,
                (at % columns) * tile, Math.floor(at / columns) * tile, tile, tile);
            kept.push({ pixels: pixelsOf(canvas), name, group });
        }
        const id = ++this.#last;
        this.#kept.set(id, kept);
        const picture = atlas.transferToImageBitmap();
        return { id, names: kept.map((p) => p.name), groups: kept.map((p) => p.group), skipped, tile, columns, atlas: picture };
    }
}

/**
 * Each file on a canvas, in their order, while those behind it are being decoded; null where it is no picture.
 * @param {{blob: Blob, name: string, group: string}[]} files @param {number} mostPixels
 */
async function* drawnAhead(files, mostPixels) {
    /** @type {Promise<{file: typeof files[0], canvas: OffscreenCanvas | null}>[]} */
    const ahead = [];
    let next = 0;
    let bytes = 0;
    while (next < files.length || ahead.length) {
        while (next < files.length && (!ahead.length || (ahead.length < MOST_AT_ONCE && bytes < BYTES_AT_ONCE))) {
            const file = files[next++];
            bytes += file.blob.size;
            ahead.push(draw(file.blob, mostPixels).then((canvas) => ({ file, canvas }), () => ({ file, canvas: null })));
        }
        const first = /** @type {typeof ahead[0]} */ (ahead.shift());
        const drawn = await first;
        bytes -= drawn.file.blob.size;
        yield drawn;
    }
}

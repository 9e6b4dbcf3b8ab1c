// @ts-check
import { canvasOf, paintMap, paintPicture } from './paint.js';

/** Tiles smaller than this stand closer together, and have no number below. */
const SMALL = 40;
const CAPTIONED = 56;

/** How `count` tiles, about `size` wide, fill a width; all in CSS pixels. */
export function gridOf(source, count, size, width) {
    const gap = size < SMALL ? 4 : 8;
    const caption = size >= CAPTIONED ? 16 : 0;
    const room = Math.max(1, width) + gap;
    const columns = Math.max(1, Math.floor(room / (size + gap)));
    const side = count < columns ? size : Math.floor(room / columns) - gap;
    const tileHeight = Math.max(2, Math.round((side * source.height) / source.width));
    const rows = Math.ceil(count / columns);
    const pitch = tileHeight + caption + gap;
    return { gap, caption, side, tileHeight, columns, pitch, rows, height: rows * pitch };
}

/** One tile, one pixel per value. @param {any} source @param {number} index @param {number[]} range */
export function paintTile(source, index, range, table) {
    const { data, planes, height, width } = source;
    const [low, high] = range;
    const start = index * planes * height * width;
    return canvasOf(width, height, (image) => {
        if (planes === 3) paintPicture(image, data, start, low, high);
        else paintMap(image, data, start, table, low, high);
    });
}

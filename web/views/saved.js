// @ts-check
/** An item of a result as it is saved: a picture, or pictures one after the other. */
import { itemRange, plain, sheetOf, sheetsOf, thumbOfItem } from './draw-result.js';
import { paintMap, paintPicture, tableOf } from './paint.js';

/** An item that is no curve as it is seen: a map over its picture keeps the picture's size. */
export function pictureOf(frame, item, state) {
    if (item.kind === 'tiles') return sheetOf(item, state);
    if (item.kind === 'points' || item.kind === 'table') return thumbOfItem(item, state);
    if (item.kind !== 'map') return plain(item, state);
    const { frame: box, sheets } = sheetsOf(frame, item, state);
    const canvas = document.createElement('canvas');
    Object.assign(canvas, box);
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    for (const sheet of sheets) {
        ctx.globalAlpha = sheet.alpha ?? 1;
        ctx.imageSmoothingEnabled = sheet.smooth ?? false;
        ctx.drawImage(sheet.canvas, 0, 0, box.width, box.height);
    }
    return canvas;
}

/** Tiles as a film: there is time to look at each, and small ones are enlarged. */
const SERIES_PER_SECOND = 2;
const SERIES_LEAST = 128;

/** The frames of a film, or tiles on a common range, one after the other.
 * @returns {import('../store/gif.js').Frames} */
export function framesOf(item, state) {
    const [height, width] = item.shape.slice(-2);
    const planes = item.shape.length === 4 ? item.shape[1] : 1;
    const [low, high] = planes === 1 ? itemRange(item, false) : [0, 1];
    const side = Math.max(height, width);
    const scale = side >= SERIES_LEAST ? 1 : Math.ceil(SERIES_LEAST / side);
    return {
        count: item.shape[0],
        width: width * scale,
        height: height * scale,
        framesPerSecond: item.framesPerSecond ?? SERIES_PER_SECOND,
        draw: (index) => {
            const image = new ImageData(width, height);
            const start = index * planes * height * width;
            if (planes === 3) paintPicture(image, item.data, start);
            else paintMap(image, item.data, start, tableOf(state, item.signed), low, high);
            return enlarged(image, scale);
        },
    };
}

/** Each pixel as a square. @param {ImageData} image */
function enlarged({ data, width, height }, scale) {
    if (scale === 1) return data;
    const from = new Uint32Array(data.buffer);
    const to = new Uint32Array(width * height * scale * scale);
    for (let y = 0, k = 0; y < height * scale; y++) {
        const row = Math.floor(y / scale) * width;
        for (let x = 0; x < width * scale; x++) to[k++] = from[row + Math.floor(x / scale)];
    }
    return new Uint8ClampedArray(to.buffer);
}

// @ts-check
/** Numbers to colours. The tables come from the core, so that the page and the command line agree. */

import { cropOf } from './geometry.js';

const OUTLIERS = 0.01; /* cut at each end: 2 % of the values together */
const BINS = 2048;

/** Least and largest finite value of data[start, start + n). */
export function extent(data, start = 0, n = data.length) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = start; i < start + n; i++) {
        const v = data[i];
        if (v < low && v > -Infinity) low = v;
        if (v > high && v < Infinity) high = v;
    }
    return low <= high ? [low, high] : [0, 0];
}

/** The extent without the outermost 2 % of the values; the whole extent when that leaves nothing. */
export function clipped(data, start = 0, n = data.length) {
    const [low, high] = extent(data, start, n);
    if (!(high > low) || n < 50) return [low, high];
    const bins = new Uint32Array(BINS);
    const scale = (BINS - 1) / (high - low);
    let total = 0;
    for (let i = start; i < start + n; i++) {
        const bin = (data[i] - low) * scale;
        if (bin >= 0) {
            bins[bin | 0]++;
            total++;
        }
    }
    const edge = (from, by, cut) => {
        let seen = 0;
        for (let i = from; i >= 0 && i < BINS; i += by) if ((seen += bins[i]) > cut) return i;
        return from;
    };
    const cut = total * OUTLIERS;
    const a = low + edge(0, 1, cut) / scale;
    const b = low + (edge(BINS - 1, -1, cut) + 1) / scale;
    return b - a > (high - low) * 1e-6 ? [a, Math.min(high, b)] : [low, high];
}

/** Symmetric around zero when signed, so that the middle of the colour map is zero. */
export function rangeOf(low, high, signed) {
    if (!signed) return [low, high];
    const reach = Math.max(Math.abs(low), Math.abs(high));
    return [-reach, reach];
}

const packed = new WeakMap();

/** A table of 256 RGB triples as 256 little-endian pixels. @param {Uint8Array} table @returns {Uint32Array} */
function pixelsOf(table) {
    let out = packed.get(table);
    if (!out) {
        out = new Uint32Array(256);
        for (let i = 0; i < 256; i++) {
            out[i] =
                (255 << 24) | (table[3 * i + 2] << 16) | (table[3 * i + 1] << 8) | table[3 * i];
        }
        packed.set(table, out);
    }
    return out;
}

const NOT_FINITE = 0xffff00ff; /* magenta: in no colour map */

/** Colours one map of h x w values from data[start] on into an ImageData.
 * @param {ImageData} image @param {Float32Array} data @param {Uint8Array} table */
export function paintMap(image, data, start, table, low, high) {
    const out = new Uint32Array(image.data.buffer);
    const pixels = pixelsOf(table);
    const scale = high > low ? 255.999 / (high - low) : 0;
    for (let i = 0; i < out.length; i++) {
        const t = (data[start + i] - low) * scale;
        out[i] = t === t ? pixels[t < 0 ? 0 : t > 255 ? 255 : t | 0] : NOT_FINITE;
    }
}

/** The same with an opacity that grows with the value (the magnitude when signed), to lie over a picture. */
export function paintVeil(image, data, start, table, low, high, signed) {
    paintMap(image, data, start, table, low, high);
    const span = high > low ? 1 / (high - low) : 0;
    for (let i = 0; i < image.width * image.height; i++) {
        let t = (data[start + i] - low) * span;
        t = signed ? Math.abs(2 * t - 1) : 0.1 + 0.9 * Math.sqrt(Math.max(0, t));
        image.data[4 * i + 3] = 255 * Math.min(1, Math.max(0, t));
    }
}

/** Colours three planes of h x w values in 0 to 1. @param {ImageData} image @param {Float32Array} data */
export function paintPicture(image, data, start, low = 0, high = 1, alpha = false) {
    const out = image.data;
    const n = image.width * image.height;
    const scale = high > low ? 255 / (high - low) : 0;
    for (let i = 0; i < n; i++) {
        for (let c = 0; c < 3; c++) out[4 * i + c] = (data[start + c * n + i] - low) * scale + 0.5;
        out[4 * i + 3] = alpha ? data[start + 3 * n + i] * 255 + 0.5 : 255;
    }
}

/** @returns {HTMLCanvasElement} */
export function canvasOf(width, height, paint) {
    const canvas = document.createElement('canvas');
    canvas.width = width;
    canvas.height = height;
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    const image = ctx.createImageData(width, height);
    paint(image);
    ctx.putImageData(image, 0, 0);
    return canvas;
}

const greys = new WeakMap();
/** Finer than this no view shows the ground. */
const GROUND_SIDE = 1024;

/** The part of the picture that the network received, as fine as the picture is, in grey and a little dimmed: the
 * ground for a map. @param {{width: number, height: number, picture: any, resize: string}} input */
export function greyOf(input) {
    let canvas = greys.get(input);
    if (!canvas) greys.set(input, (canvas = drawGrey(input)));
    return canvas;
}

function drawGrey({ width, height, picture, resize }) {
    const part = cropOf(picture, { width, height }, resize);
    const finer = Math.max(1, Math.min(part.width / width, part.height / height, GROUND_SIDE / width, GROUND_SIDE / height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.round(width * finer);
    canvas.height = Math.round(height * finer);
    const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
    ctx.imageSmoothingQuality = 'high';
    ctx.drawImage(picture.canvas, part.x, part.y, part.width, part.height, 0, 0, canvas.width, canvas.height);
    const image = ctx.getImageData(0, 0, canvas.width, canvas.height);
    const { data } = image;
    for (let i = 0; i < data.length; i += 4) {
        const v = 0.2126 * data[i] + 0.7152 * data[i + 1] + 0.0722 * data[i + 2];
        data.fill(255 * 0.06 + 0.8 * v, i, i + 3);
    }
    ctx.putImageData(image, 0, 0);
    return canvas;
}

/** Mean, maximum and where the strongest region is, for those who do not see the map. */
export function inWords(data, height, width) {
    let sum = 0;
    let best = 0;
    let bad = 0;
    for (let i = 0; i < height * width; i++) {
        if (!Number.isFinite(data[i])) bad++;
        else sum += data[i];
        if (data[i] > data[best]) best = i;
    }
    const y = Math.floor(best / width);
    const x = best % width;
    const part = (i, n, names) => names[Math.min(2, Math.floor((3 * (i + 0.5)) / n))];
    const row = part(y, height, ['upper', 'middle', 'lower']);
    const column = part(x, width, ['left', 'centre', 'right']);
    const place = row === 'middle' && column === 'centre' ? 'centre' : `${row} ${column}`;
    return { mean: sum / Math.max(1, height * width - bad), max: data[best], y, x, place, bad };
}

/** 256 RGB triples. To be asked for when the engine's tables are there. @param {any} state @param {boolean} signed
 * @returns {Uint8Array} */
export const tableOf = (state, signed) => state.scope.colormaps[signed ? 'rdbu' : state.colours];

// @ts-check
/** Gathers frames, finds one palette for all of them, so that nothing flickers, and writes the GIF. */
import { GIFEncoder, applyPalette, quantize } from 'gifenc';

const COLOURS = 256;
const SAMPLED = 1 << 20; /* pixels that the palette is made from */
const DITHER = 12; /* levels from the least to the largest threshold of the ordered dither */

/** @type {{count: number, width: number, height: number, delay: number}} */
let film;
/** @type {Uint8ClampedArray[]} */
const frames = [];

onmessage = ({ data }) => {
    if (data.count) {
        film = data;
        return;
    }
    frames.push(data.pixels);
    postMessage({ done: (0.3 * frames.length) / film.count });
    if (frames.length === film.count) encode();
};

function encode() {
    const { width, height, delay } = film;
    const exact = exactPalette();
    const palette = exact ?? quantize(sample(), COLOURS);
    const gif = GIFEncoder();
    frames.forEach((pixels, i) => {
        if (!exact) dither(pixels, width);
        const index = exact ? look(pixels, exact) : applyPalette(pixels, palette);
        gif.writeFrame(index, width, height, { palette: i ? undefined : palette, delay });
        postMessage({ done: 0.3 + (0.7 * (i + 1)) / frames.length });
    });
    gif.finish();
    postMessage({ bytes: gif.bytes() });
}

const colourAt = (pixels, i) => (pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2];

/** The very colours, when they are few enough: those of a map are. */
function exactPalette() {
    const seen = new Set();
    for (const pixels of frames) {
        for (let i = 0; i < pixels.length; i += 4) seen.add(colourAt(pixels, i));
        if (seen.size > COLOURS) return null;
    }
    return [...seen].map((c) => [c >> 16, (c >> 8) & 255, c & 255]);
}

function look(pixels, palette) {
    const at = new Map(palette.map(([r, g, b], i) => [(r << 16) | (g << 8) | b, i]));
    return Uint8Array.from({ length: pixels.length / 4 }, (_, i) => at.get(colourAt(pixels, 4 * i)));
}

/** Every n-th pixel of all frames. */
function sample() {
    const all = (frames.length * frames[0].length) / 4;
    const by = Math.max(1, Math.ceil(all / SAMPLED));
    const out = new Uint8ClampedArray(4 * Math.ceil(all / by));
    const each = frames[0].length / 4;
    for (let i = 0, k = 0; i < all; i += by, k += 4) {
        const from = 4 * (i % each);
        out.set(frames[Math.floor(i / each)].subarray(from, from + 4), k);
    }
    return out;
}

/** Adds the thresholds of an ordered dither: bits of x ^ y and y, the lowest first. */
function dither(pixels, width) {
    const by = Float32Array.from({ length: 64 }, (_, i) => {
        const [y, x] = [i >> 3, i & 7];
        let value = 0;
        for (let bit = 0; bit < 3; bit++)
            value = (value << 2) | ((((x ^ y) >> bit) & 1) << 1) | ((y >> bit) & 1);
        return DITHER * ((value + 0.5) / 64 - 0.5);
    });
    for (let i = 0; i < pixels.length; i++) {
        if ((i & 3) === 3) continue;
        const at = i >> 2;
        pixels[i] += by[((((at / width) | 0) & 7) << 3) | (at % width & 7)];
    }
}

// @ts-check
/** Numbers to colours. The tables come from the core, so that the page and the command line agree. */

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

/** What the network received, in grey and a little dimmed: the ground for a map. */
export function greyOf(input) {
    let canvas = greys.get(input);
    if (!canvas) {
        const n = input.width * input.height;
        canvas = canvasOf(input.width, input.height, (image) => {
            for (let i = 0; i < n; i++) {
                const v =
                    0.2126 * input.data[i] +
                    0.7152 * input.data[n + i] +
                    0.0722 * input.data[2 * n + i];
                image.data.fill(255 * (0.06 + 0.8 * v), 4 * i, 4 * i + 3);
                image.data[4 * i + 3] = 255;
            }
        });
        greys.set(input, canvas);
    }
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

export const tableOf = (state, signed) => state.scope.colormaps[signed ? 'rdbu' : state.colours];

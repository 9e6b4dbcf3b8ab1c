// @ts-check
/** An item of a result as sheets for a map-canvas. */
import {
    canvasOf,
    clipped,
    extent,
    greyOf,
    paintMap,
    paintPicture,
    paintVeil,
    rangeOf,
    tableOf,
} from './paint.js';
import { project } from './cloud.js';

const canvases = new WeakMap();

/** Made once per item and manner of drawing. */
function cached(item, key, make) {
    let of = canvases.get(item);
    if (!of) canvases.set(item, (of = new Map()));
    if (!of.has(key)) {
        if (of.size > 6) of.clear();
        of.set(key, make());
    }
    return of.get(key);
}

/** The range of the colours: given by the technique, else measured, without outliers when asked. */
export function itemRange(item, clip) {
    const [low, high] = clip
        ? cached(item, 'clipped', () => clipped(item.data))
        : Number.isFinite(item.low) && Number.isFinite(item.high) && item.high > item.low
          ? [item.low, item.high]
          : extent(item.data);
    return rangeOf(low, high, item.signed);
}

/** The frame of a film that is shown; the store says -1 for the last. @param {any} item @param {any} state */
export const frameAt = (item, { moment }) =>
    moment < 0 ? item.shape[0] - 1 : Math.min(moment, item.shape[0] - 1);

/** @param {[number, number]} [range] of the colours, in place of its own
 * @returns {HTMLCanvasElement} the item alone, one pixel per value */
export function plain(item, state, range = undefined) {
    const [h, w] = item.shape.slice(-2);
    if (item.kind === 'image' || item.kind === 'film') {
        const at = item.kind === 'image' ? 0 : frameAt(item, state);
        const alpha = item.kind === 'image' && item.shape[0] === 4;
        return cached(item, `image ${at}`, () =>
            canvasOf(w, h, (image) =>
                paintPicture(image, item.data, at * 3 * h * w, 0, 1, alpha),
            ),
        );
    }
    const [low, high] = range ?? itemRange(item, state.clip);
    const key = ['map', state.colours, low, high].join();
    return cached(item, key, () =>
        canvasOf(w, h, (image) => paintMap(image, item.data, 0, tableOf(state, item.signed), low, high)),
    );
}

/** A grid of all tiles, for the film strip and for saving; at most `most` of them. */
export function sheetOf(item, state, most = 1024) {
    const planes = item.shape.length === 4 ? item.shape[1] : 1;
    const [h, w] = item.shape.slice(-2);
    const count = Math.min(most, item.shape[0]);
    const columns = Math.max(1, Math.ceil(Math.sqrt((count * h) / w)));
    const rows = Math.ceil(count / columns);
    return cached(item, ['sheet', state.colours, state.clip, most].join(), () => {
        const canvas = canvasOf(columns * (w + 1) - 1, rows * (h + 1) - 1, () => {});
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        for (let i = 0; i < count; i++) {
            const tile = ctx.createImageData(w, h);
            const start = i * planes * w * h;
            if (planes === 3) paintPicture(tile, item.data, start);
            else {
                const [low, high] = rangeOf(...extent(item.data, start, w * h), item.signed);
                paintMap(tile, item.data, start, tableOf(state, item.signed), low, high);
            }
            ctx.putImageData(tile, (i % columns) * (w + 1), Math.floor(i / columns) * (h + 1));
        }
        return canvas;
    });
}

/** Frame and sheets; a map lies over the greyed picture that it is about. */
export function sheetsOf(frame, item, state, range = undefined) {
    const [h, w] = item.shape.slice(-2);
    if (item.kind !== 'map') {
        return {
            frame: { width: w, height: h },
            sheets: [{ canvas: plain(item, state), smooth: false }],
        };
    }
    const input = frame.input;
    const alone = () => [{ canvas: plain(item, state, range) }];
    if (!input) return { frame: { width: w, height: h }, sheets: alone() };
    const box = { width: input.width, height: input.height };
    if (state.overlay >= 1) return { frame: box, sheets: alone() };
    const [low, high] = range ?? itemRange(item, state.clip);
    const veil = cached(item, ['veil', state.colours, low, high].join(), () =>
        canvasOf(w, h, (image) =>
            paintVeil(image, item.data, 0, tableOf(state, item.signed), low, high, item.signed),
        ),
    );
    return {
        frame: box,
        sheets: [
            { canvas: greyOf(input), smooth: true },
            { canvas: veil, alpha: Math.min(1, state.overlay * 1.15) },
        ],
    };
}

/** The named curves of an item: one, or the rows of [k,n]. */
export function linesOf(item) {
    const count = item.shape.length > 1 ? item.shape[0] : 1;
    const length = item.data.length / count;
    return Array.from({ length: count }, (_, k) => ({
        name: item.lines?.[k] ?? '',
        data: item.data.subarray(k * length, (k + 1) * length),
    }));
}

/** The course of the first curve, without numbers. */
function drawCurve(ctx, item, side) {
    const [{ data }] = linesOf(item);
    const [low, high] = extent(data);
    const margin = side / 6;
    const reach = side - 2 * margin;
    ctx.strokeStyle = ctx.fillStyle;
    ctx.lineWidth = side / 32;
    ctx.beginPath();
    for (let i = 0; i < data.length; i++) {
        const x = margin + (reach * i) / Math.max(1, data.length - 1);
        ctx.lineTo(x, side - margin - (reach * (data[i] - low)) / (high - low || 1));
    }
    ctx.stroke();
    return ctx.canvas;
}

/** Points as dots in the colours of their classes, a table as its lines, a curve as its course. */
function sketch(item) {
    const side = 96;
    return cached(item, 'sketch', () => {
        const canvas = canvasOf(side, side, () => {});
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        ctx.fillStyle = '#8f969d';
        if (item.kind === 'curve') return drawCurve(ctx, item, side);
        if (item.kind === 'table') {
            for (let y = 20; y < 80; y += 14) ctx.fillRect(14, y, y === 20 ? 68 : 54, 4);
            return canvas;
        }
        const { xy } = project(item.data, item.shape[1], { yaw: 0.5, pitch: 0.3 });
        for (let i = 0; i < item.shape[0]; i++) {
            ctx.fillStyle = item.groups?.[item.group[i]]?.colour ?? '#8f969d';
            ctx.fillRect(side * (0.5 + 0.9 * xy[2 * i]) - 1, side * (0.5 + 0.9 * xy[2 * i + 1]) - 1, 3, 3);
        }
        return canvas;
    });
}

/** An item, small. */
export const thumbOfItem = (item, state) =>
    ['points', 'table', 'curve'].includes(item.kind)
        ? sketch(item)
        : item.kind === 'tiles'
          ? sheetOf(item, state, 36)
          : plain(item, { ...state, moment: -1 });

/** What the film strip shows of a frame. */
export function thumbOf(frame, state) {
    const item = frame.result?.items?.[0];
    return item ? thumbOfItem(item, state) : null;
}

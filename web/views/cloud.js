// @ts-check
/** Points on a canvas: where they lie, which one is near, and drawing them as thumbnails. */

const SPARSE = 0.85;

/**
 * Points turned and projected, brought into the unit square around 0, x to the right and y down.
 * @param {Float32Array} data @param {number} dims 2 or 3 @param {{yaw: number, pitch: number}} turn
 */
export function project(data, dims, { yaw, pitch }) {
    const n = data.length / dims;
    const xy = new Float32Array(2 * n);
    const depth = new Float32Array(n);
    const middle = Array.from({ length: dims }, (_, a) => middleOf(data, dims, a));
    const [cy, sy, cp, sp] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
    let reach = 1e-20;
    for (let i = 0; i < n; i++) {
        const x = data[i * dims] - middle[0];
        const y = data[i * dims + 1] - middle[1];
        const z = dims === 3 ? data[i * dims + 2] - middle[2] : 0;
        const flat = dims === 3;
        const u = flat ? cy * x + sy * z : x;
        const w = flat ? cy * z - sy * x : 0;
        xy[2 * i] = u;
        xy[2 * i + 1] = -(flat ? cp * y - sp * w : y);
        depth[i] = flat ? cp * w + sp * y : 0;
        /* The sphere, so that turning does not change the scale. */
        reach = Math.max(reach, flat ? Math.hypot(x, y, z) : Math.max(Math.abs(x), Math.abs(y)));
    }
    for (let i = 0; i < 2 * n; i++) xy[i] /= 2 * reach;
    return { xy, depth };
}

function middleOf(data, dims, axis) {
    let low = Infinity;
    let high = -Infinity;
    for (let i = axis; i < data.length; i += dims) {
        low = Math.min(low, data[i]);
        high = Math.max(high, data[i]);
    }
    return (low + high) / 2;
}

/** Side of a thumbnail in CSS pixels so that most of them can be told apart. */
export const sideFor = (count, width, height) =>
    Math.max(5, Math.min(72, SPARSE * Math.sqrt((width * height) / Math.max(1, count))));

/** The point that is drawn last among those under the pointer; -1: none. */
export function pointAt(xy, order, place, side, x, y) {
    for (let k = order.length - 1; k >= 0; k--) {
        const i = order[k];
        const dx = place.x + xy[2 * i] * place.s - x;
        const dy = place.y + xy[2 * i + 1] * place.s - y;
        if (Math.abs(dx) <= side / 2 && Math.abs(dy) <= side / 2) return i;
    }
    return -1;
}

/** The next point in a direction: near, and not far aside. */
export function pointTowards(xy, from, dx, dy) {
    let best = -1;
    let least = Infinity;
    for (let i = 0; i < xy.length / 2; i++) {
        const x = xy[2 * i] - xy[2 * from];
        const y = xy[2 * i + 1] - xy[2 * from + 1];
        const along = x * dx + y * dy;
        const aside = Math.abs(x * dy - y * dx);
        if (i === from || along <= 1e-9 || aside > 2 * along) continue;
        const cost = along + 2 * aside;
        if (cost < least) [least, best] = [cost, i];
    }
    return best;
}

/** Picture i of a set, from its atlas. @param {CanvasRenderingContext2D} ctx @param {any} set */
export function drawThumbnail(ctx, { canvas, tile, columns }, i, x, y, side) {
    ctx.drawImage(canvas, (i % columns) * tile, Math.floor(i / columns) * tile, tile, tile, x, y, side, side);
}

/**
 * @param {CanvasRenderingContext2D} ctx in CSS pixels
 * @param {{xy: Float32Array, order: ArrayLike<number>, place: {x: number, y: number, s: number}, side: number,
 *     width: number, height: number, colours: string[], dim: (i: number) => boolean, set: any}} what
 */
export function drawPoints(ctx, { xy, order, place, side, width, height, colours, dim, set }) {
    const frame = side > 22 ? 2 : side > 9 ? 1.5 : 1;
    for (let k = 0; k < order.length; k++) {
        const i = order[k];
        const x = place.x + xy[2 * i] * place.s - side / 2;
        const y = place.y + xy[2 * i + 1] * place.s - side / 2;
        if (x > width || y > height || x + side < 0 || y + side < 0) continue;
        ctx.globalAlpha = dim(i) ? 0.12 : 1;
        ctx.fillStyle = colours[i];
        ctx.fillRect(x, y, side, side);
        if (!set || side < 7) continue;
        drawThumbnail(ctx, set, i, x + frame, y + frame, side - 2 * frame);
    }
    ctx.globalAlpha = 1;
}

// @ts-check
/**
 * Brush strokes as the parameter that holds them, `+12:500,400 510,420;-20:10,10`: side, radius and points in
 * thousandths of the picture's width, y of its height (src/techniques/strokes.h). Later ones lie over earlier ones.
 *
 * @typedef {[number, number]} Point
 * @typedef {{side: '+' | '-', radius: number, points: Point[]}} Stroke `+`: the object, `-`: the background
 */

/** How far a line may be off that is kept with fewer points, in thousandths. */
const TOLERANCE = 1.2;

/** @param {string} text @returns {Stroke[]} none where it is not understood */
export function parseStrokes(text) {
    const strokes = [];
    for (const part of text.split(';').filter(Boolean)) {
        const match = /^([+-])([\d.]+):([\d.]+,[\d.]+(?: [\d.]+,[\d.]+)*)$/.exec(part);
        if (!match) return [];
        const points = match[3].split(' ').map((point) => /** @type {Point} */ (point.split(',').map(Number)));
        strokes.push({ side: /** @type {'+' | '-'} */ (match[1]), radius: Number(match[2]), points });
    }
    return strokes;
}

/** @param {Stroke[]} strokes @returns {string} */
export function formatStrokes(strokes) {
    const inside = (v) => Math.min(1000, Math.max(0, Math.round(v)));
    return strokes
        .map(({ side, radius, points }) => {
            const texts = points.map(([x, y]) => `${inside(x)},${inside(y)}`);
            const once = texts.filter((text, i) => text !== texts[i - 1]);
            return `${side}${Math.max(1, Math.round(radius))}:${once.join(' ')}`;
        })
        .join(';');
}

/** The same line with the points that it needs (Ramer 1972, Douglas & Peucker 1973). @param {Point[]} points @returns {Point[]} */
export function simplified(points) {
    if (points.length < 3) return points;
    const [first, last] = [points[0], points[points.length - 1]];
    let [far, at] = [0, 0];
    for (let i = 1; i < points.length - 1; i++) {
        const distance = Math.sqrt(distance2(points[i], first, last));
        if (distance > far) [far, at] = [distance, i];
    }
    if (far <= TOLERANCE) return [first, last];
    return [...simplified(points.slice(0, at + 1)), ...simplified(points.slice(at)).slice(1)];
}

/** The square of the distance of a point from the line between two others. */
function distance2([x, y], [ax, ay], [bx, by]) {
    const [dx, dy] = [bx - ax, by - ay];
    const length2 = dx * dx + dy * dy;
    const along = length2 ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length2)) : 0;
    return (x - ax - along * dx) ** 2 + (y - ay - along * dy) ** 2;
}

/**
 * What is left of the strokes when a disc is taken from their middle lines.
 * @param {Stroke[]} strokes @param {Point} middle @param {number} radius
 * @param {number} aspect height of the picture by its width, so that the disc is round
 * @returns {Stroke[]} the same array where it touches none
 */
export function erased(strokes, [x, y], radius, aspect) {
    let touched = false;
    const left = strokes.flatMap((stroke) => {
        const line = stroke.points.map(([px, py]) => /** @type {Point} */ ([px, py * aspect]));
        const pieces = outside(line, [x, y * aspect], radius);
        if (!pieces) return [stroke];
        touched = true;
        return pieces.map((piece) => ({
            ...stroke,
            points: piece.map(([px, py]) => /** @type {Point} */ ([px, py / aspect])),
        }));
    });
    return touched ? left : strokes;
}

/** The pieces of a line outside a disc; null where it does not touch. @param {Point[]} line @param {Point} centre */
function outside(line, [cx, cy], radius) {
    const isIn = ([x, y]) => (x - cx) ** 2 + (y - cy) ** 2 < radius * radius;
    if (line.length === 1) return isIn(line[0]) ? [] : null;
    /** @type {Point[][]} */
    const pieces = [];
    /** @type {Point[] | null} */
    let piece = null;
    let touched = false;
    for (let i = 1; i < line.length; i++) {
        const [[ax, ay], [bx, by]] = [line[i - 1], line[i]];
        const at = (t) => /** @type {Point} */ ([ax + t * (bx - ax), ay + t * (by - ay)]);
        const stops = [0, ...crossings(line[i - 1], line[i], [cx, cy], radius), 1];
        for (let k = 1; k < stops.length; k++) {
            if (isIn(at((stops[k - 1] + stops[k]) / 2))) {
                piece = null;
                touched = true;
                continue;
            }
            if (!piece) pieces.push((piece = [at(stops[k - 1])]));
            piece.push(at(stops[k]));
        }
    }
    return touched ? pieces : null;
}

/** Where the line between two points crosses a circle, as shares of its length. */
function crossings([ax, ay], [bx, by], [cx, cy], radius) {
    const [dx, dy, ex, ey] = [bx - ax, by - ay, ax - cx, ay - cy];
    const [a, b, c] = [dx * dx + dy * dy, ex * dx + ey * dy, ex * ex + ey * ey - radius * radius];
    const root = b * b - a * c;
    if (!(a > 0 && root > 0)) return [];
    const half = Math.sqrt(root);
    return [(-b - half) / a, (half - b) / a].filter((t) => t > 0 && t < 1);
}

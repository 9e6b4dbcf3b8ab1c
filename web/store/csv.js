// @ts-check
/** The axes before x, from the right. */
const AXES = ['y', 'plane', 'item'];

/**
 * Numbers as comma-separated values, as the command line writes them: [n] as one value a line, [H,W] as H lines
 * of W; with more axes each line begins with the indices of all but the last, and a first line names them. A
 * table has its titles in the first line, and its texts in quotes.
 * @param {{data: Float32Array, shape: number[], columns?: string[], rows?: (string | number)[][]}} item
 * @returns {string}
 */
export function toCsv({ data, shape, columns, rows }) {
    const across = shape.length > 1 ? shape[shape.length - 1] : 1;
    const outer = shape.slice(0, -1);
    const lines = [];
    if (shape.length > 2) {
        const names = outer.map((_, i) => AXES[outer.length - 1 - i] ?? `axis${i}`);
        lines.push([...names, ...Array.from({ length: across }, (_, x) => `x${x}`)].join(','));
    }
    if (columns) lines.push(columns.map(quoted).join(','));
    for (let at = 0; at < data.length; at += across) {
        const cells = Array.from(data.subarray(at, at + across), nine);
        rows?.[at / across].forEach((cell, x) => {
            if (typeof cell === 'string') cells[x] = quoted(cell);
        });
        if (shape.length > 2) cells.unshift(...indices(at / across, outer));
        lines.push(cells.join(','));
    }
    return `${lines.join('\n')}\n`;
}

/** In quotes, those within it doubled (RFC 4180). @param {string} text */
const quoted = (text) => `"${text.replaceAll('"', '""')}"`;

/** Nine digits tell every float apart. */
const nine = (value) => String(Number(value.toPrecision(9)));

function indices(line, outer) {
    const found = [];
    for (let i = outer.length - 1; i >= 0; i--) {
        found.unshift(line % outer[i]);
        line = Math.floor(line / outer[i]);
    }
    return found;
}

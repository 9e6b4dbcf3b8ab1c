// @ts-check
/** Numbers as people read them: four digits that count, a real minus, thin spaces. */

const MINUS = '\u2212';
const THIN = '\u202f';

/** @param {number} value */
export function number(value, digits = 4) {
    if (value === null || value === undefined) return '';
    if (typeof value !== 'number') return String(value);
    if (Number.isNaN(value)) return 'not a number';
    if (!Number.isFinite(value)) return value > 0 ? '∞' : `${MINUS}∞`;
    if (value === 0) return '0';
    const size = Math.abs(value);
    let text;
    if (size >= 1e6 || size < 1e-4) {
        const [mantissa, exponent] = value.toExponential(Math.max(0, digits - 2)).split('e');
        text = `${mantissa}·10${superscript(Number(exponent))}`;
    } else if (Number.isInteger(value)) {
        text = String(value);
    } else {
        text = value.toPrecision(digits);
        if (text.includes('e')) text = String(Math.round(value));
    }
    return text.replace('-', MINUS);
}

const superscript = (n) =>
    String(n).replace(/[-\d]/g, (c) => (c === '-' ? '⁻' : '⁰¹²³⁴⁵⁶⁷⁸⁹'[Number(c)]));

/** 1248424 as 1.25 M */
export function count(value) {
    for (const [unit, size] of /** @type {[string, number][]} */ ([
        ['G', 1e9],
        ['M', 1e6],
        ['k', 1e3],
    ])) {
        if (value >= size) return `${(value / size).toPrecision(3)}${THIN}${unit}`;
    }
    return String(value ?? 0);
}

export function bytes(value) {
    for (const [unit, size] of /** @type {[string, number][]} */ ([
        ['GB', 1e9],
        ['MB', 1e6],
        ['kB', 1e3],
    ])) {
        if (value >= size) return `${(value / size).toPrecision(3)}${THIN}${unit}`;
    }
    return `${value ?? 0}${THIN}B`;
}

export function percent(value) {
    if (!(value >= 0)) return '';
    const p = value * 100;
    return p >= 99.95 && p < 100
        ? `>${THIN}99.9${THIN}%`
        : p > 0 && p < 0.01
          ? `<${THIN}0.01${THIN}%`
          : `${p < 0.1 ? p.toFixed(2) : p.toFixed(1)}${THIN}%`;
}

export function seconds(value) {
    if (!Number.isFinite(value)) return '';
    if (value < 1) return `${Math.round(value * 1000)}${THIN}ms`;
    if (value < 60) return `${value < 10 ? value.toFixed(1) : Math.round(value)}${THIN}s`;
    return `${Math.floor(value / 60)}${THIN}min ${Math.round(value % 60)}${THIN}s`;
}

/** [1,64,113,113] as 64 × 113 × 113 */
export function shape(dims) {
    const useful = dims.length > 1 && dims[0] === 1 ? dims.slice(1) : dims;
    const trimmed =
        useful.length === 3 && useful[1] === 1 && useful[2] === 1 ? useful.slice(0, 1) : useful;
    return trimmed.join(`${THIN}×${THIN}`) || '1';
}

/** What a layer does: `Conv 3×3, stride 2`. */
export const detail = (layer) =>
    `${layer.op} ${layer.detail ?? ''}`.trim().replace(/(\d)x(?=\d)/g, '$1×');

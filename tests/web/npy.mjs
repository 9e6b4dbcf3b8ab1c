// @ts-check
/** Reads and writes float32 NumPy files, and carries arrays between Node and the page. */
import { readFileSync, writeFileSync } from 'node:fs';

/** @param {string} path @returns {{shape: number[], data: Float32Array}} */
export function readNpy(path) {
    const bytes = readFileSync(path);
    if (bytes.toString('latin1', 0, 6) !== '\x93NUMPY') throw new Error(`${path} is no .npy file`);
    const wide = bytes[6] >= 2;
    const length = wide ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8);
    const start = (wide ? 12 : 10) + length;
    const header = bytes.toString('latin1', wide ? 12 : 10, start);
    if (!/'descr': *'<f4'/.test(header) || !/'fortran_order': *False/.test(header)) {
        throw new Error(`${path} is not float32 in C order: ${header.trim()}`);
    }
    const shape = /'shape': *\(([^)]*)\)/.exec(header)?.[1] ?? '';
    const sizes = shape.split(',').filter((s) => s.trim()).map(Number);
    const data = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
    if (data.length !== sizes.reduce((a, b) => a * b, 1)) throw new Error(`${path}: wrong length`);
    return { shape: sizes, data };
}

/** @param {string} path @param {{shape: number[], data: Float32Array}} array */
export function writeNpy(path, { shape, data }) {
    const words = `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.map((n) => `${n},`).join(' ')}), }`;
    // The header ends with a line feed, and the data begin at a multiple of 64.
    const header = `${words.padEnd(Math.ceil((words.length + 11) / 64) * 64 - 11)}\n`;
    const start = Buffer.from('\x93NUMPY\x01\x00\0\0', 'latin1');
    start.writeUInt16LE(header.length, 8);
    const values = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
    writeFileSync(path, Buffer.concat([start, Buffer.from(header, 'latin1'), values]));
}

/** @param {Float32Array} data */
export const toBase64 = (data) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');

/** @param {string} text @returns {Float32Array} */
export function fromBase64(text) {
    const bytes = Buffer.from(text, 'base64');
    return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

/**
 * |a - b| / |b|, in the 2-norm; not a number when the lengths differ.
 * @param {Float32Array} a @param {Float32Array} b
 */
export function relativeError(a, b) {
    if (a.length !== b.length) return NaN;
    let difference = 0;
    let norm = 0;
    for (let i = 0; i < a.length; i++) {
        difference += (a[i] - b[i]) ** 2;
        norm += b[i] ** 2;
    }
    return Math.sqrt(difference / norm);
}

// @ts-check
/** NumPy's .npy, version 1.0: float32, C order. @param {Float32Array} data @param {number[]} shape */
export function toNpy(data, shape) {
    const dims = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
    const head = `{'descr': '<f4', 'fortran_order': False, 'shape': (${dims}), }`;
    const padded = head.padEnd(Math.ceil((head.length + 11) / 64) * 64 - 11) + '\n';
    const text = new TextEncoder().encode(padded);
    const out = new Uint8Array(10 + text.length + data.byteLength);
    out.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length & 255, text.length >> 8]);
    out.set(text, 10);
    out.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), 10 + text.length);
    return out;
}

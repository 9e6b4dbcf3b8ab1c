// @ts-check
/** What is no picture, or too large a one, is refused before it is decoded. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decode, sizeOf } from '../../web/engine/image.js';
import { buffersOf } from '../../web/engine/protocol.js';

/** @param {number} width @param {number} height */
const png = (width, height) => {
    const bytes = new Uint8Array(40);
    bytes.set([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13, 0x49, 0x48, 0x44, 0x52]);
    const view = new DataView(bytes.buffer);
    view.setUint32(16, width);
    view.setUint32(20, height);
    return bytes;
};

test('reads sizes from the heads of files', () => {
    assert.deepEqual(sizeOf(png(20000, 300)), { width: 20000, height: 300 });
    const jpeg = Uint8Array.of(0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 2, 0xff, 0xc2, 0, 11, 8, 1, 0x2c, 2, 0x58, 3, 0, 0, 0);
    assert.deepEqual(sizeOf(jpeg), { width: 600, height: 300 });
    const huffman = Uint8Array.of(0xff, 0xd8, 0xff, 0xc4, 0, 11, 8, 1, 0x2c, 2, 0x58, 3, 0, 0, 0);
    assert.equal(sizeOf(huffman), null);
    const gif = Uint8Array.of(71, 73, 70, 56, 57, 97, 44, 1, 88, 2, 0, 0);
    assert.deepEqual(sizeOf(gif), { width: 300, height: 600 });
    for (let length = 0; length < jpeg.length; length++) sizeOf(jpeg.slice(0, length));
    assert.equal(sizeOf(new Uint8Array(0)), null);
});

test('refuses pictures of more than 64 megapixels', async () => {
    const file = new File([png(20000, 20000)], 'huge.png');
    await assert.rejects(decode(file), /huge\.png.*20000 × 20000.*64 megapixels/);
    await assert.rejects(decode({ width: 9000, height: 9000, data: new Uint8Array(4) }), /64 megapixels/);
});

test('refuses pixels that are not as many as the size says, and files that are no picture', async () => {
    await assert.rejects(decode({ width: 2, height: 2, data: new Uint8ClampedArray(15) }), /16 bytes of RGBA, but 15/);
    await assert.rejects(decode({ width: 1, height: 1, data: new Float32Array(4) }), /RGBA/);
    await assert.rejects(decode(new File(['hello'], 'notes.txt')), /notes\.txt.*no picture/);
    await assert.rejects(decode(new File([], 'empty.png')), /empty\.png.*is empty/);
});

test('finds the memory behind the arrays of an answer once', () => {
    const a = new Float32Array(4), b = new Uint8Array(a.buffer);
    assert.deepEqual(buffersOf({ items: [{ data: a, shape: [4] }], other: { b } }), [a.buffer]);
    assert.deepEqual(buffersOf(new Float32Array(new SharedArrayBuffer(8))), []);
});

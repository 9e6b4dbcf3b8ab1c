// @ts-check
/** The one instruction that tools/relax.mjs changes, and what looks like it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { relax } from '../../tools/relax.mjs';

const HEAD = [0, 97, 115, 109, 1, 0, 0, 0];
const DRAFT = [0xfd, 0xaf, 0x01];
const MADD = [0xfd, 0x85, 0x02];
/** i32x4.splat of 0 */
const ZERO = [0x41, 0, 0xfd, 0x11];

/** A module with one function () -> v128. @param {number[]} code */
function moduleOf(code) {
    const body = [0, ...code, 0x0b];
    return Uint8Array.of(...HEAD, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, body.length + 2, 1, body.length, ...body);
}

test('changes the instruction', () => {
    const code = [...ZERO, ...ZERO, ...ZERO];
    const bytes = moduleOf([...code, ...DRAFT]);
    assert.equal(relax(bytes), 1);
    assert.deepEqual(bytes, moduleOf([...code, ...MADD]));
});

test('leaves the same bytes alone where they are something else', () => {
    const constant = [0xfd, 12, ...DRAFT, ...DRAFT, ...DRAFT, ...DRAFT, ...DRAFT, 0];
    // f32.const, i32.const and a shuffle whose operands end in those bytes.
    const others = [0x43, 0, ...DRAFT, 0x1a, 0x41, 0xfd, 0xaf, 0x01, 0x1a, ...constant, ...constant, 0xfd, 13, ...DRAFT,
        ...new Array(13).fill(1)];
    const bytes = moduleOf(others);
    const before = Uint8Array.from(bytes);
    assert.equal(relax(bytes), 0);
    assert.deepEqual(bytes, before);
});

test('walks memory, branches, calls, atomics and lanes', () => {
    const code = [
        0x02, 0x40, 0x41, 0, 0x0e, 2, 0, 0, 0, 0x0b, // block, br_table
        0x41, 0, 0x28, 2, 0x80, 0x01, 0x1a, // i32.load with an offset of two bytes
        0x41, 0, 0xfd, 0, 4, 0, 0x1a, // v128.load
        0x41, 0, 0xfe, 0x10, 2, 0, 0x1a, // i32.atomic.load
        0xfe, 3, 0, // atomic.fence
        0x41, 0, 0x41, 0, 0x41, 0, 0xfc, 10, 0, 0, // memory.copy
        ...ZERO, 0xfd, 21, 3, 0x1a, // extract lane 3
        ...ZERO, ...ZERO, ...ZERO, ...DRAFT,
    ];
    assert.equal(relax(moduleOf(code)), 1);
});

test('refuses what it does not know', () => {
    assert.throws(() => relax(moduleOf([0x06])), /instruction 0x6 /);
    assert.throws(() => relax(moduleOf([0xfd, 0xb0, 0x01])), /vector instruction 0xb0/);
    assert.throws(() => relax(moduleOf([0x43, 0])), /ends at byte/);
});

// @ts-check
/** What this browser can do. */
import { ConvoscopeError } from './errors.js';

/** More threads than this wait for each other more than they compute. */
const MOST_THREADS = 8;

/* A module with one function that uses a 128-bit vector: (i8x16.popcnt (i8x16.splat (i32.const 0))). */
const VECTOR_MODULE = Uint8Array.of(
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
    10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11);

/* The same with three vectors: (f32x4.relaxed_madd (i32x4.splat (i32.const 0)) ...). */
const FUSED_MODULE = Uint8Array.of(
    0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0,
    10, 19, 1, 17, 0, 65, 0, 253, 17, 65, 0, 253, 17, 65, 0, 253, 17, 253, 133, 2, 11);

/** Relaxed SIMD, with which a multiplication and an addition are one instruction. */
export const hasFusedMultiplyAdd = () => WebAssembly.validate(FUSED_MODULE);

export function hasSimd() {
    return typeof WebAssembly === 'object' && WebAssembly.validate(VECTOR_MODULE);
}

/** Threads share memory, which browsers allow to pages that are isolated from other sites. */
export function isIsolated() {
    return globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer === 'function';
}

/**
 * How many threads to start.
 * @param {number | 'auto'} wanted
 */
export function threadCount(wanted) {
    if (!isIsolated()) return 1;
    const there = navigator.hardwareConcurrency || 1;
    const count = wanted === 'auto' ? there : Math.floor(Number(wanted));
    return Math.min(Math.max(count || 1, 1), MOST_THREADS);
}

/** Fails with a sentence where the core cannot run at all. */
export function requireBrowser() {
    if (hasSimd()) return;
    throw new ConvoscopeError('unsupported-browser',
        'This browser cannot run WebAssembly with 128-bit vectors (SIMD), which Convoscope computes with: ' +
        'use Chrome or Edge 91, Firefox 89, Safari 16.4, or anything newer.');
}

// @ts-nocheck runs in a page of its own
import init, { bhtSNEf32, initThreadPool } from 'wasm-bhtsne';

/** Milliseconds of t-SNE. All iterations in one call: the phases of exaggeration and momentum are counted within a call. */
window.place = async (points, iterations, threads) => {
    await init();
    await initThreadPool(threads);
    const start = performance.now();
    const encoder = new bhtSNEf32(points, { learning_rate: 200, perplexity: 30, theta: 0.5 });
    const plane = encoder.step(iterations);
    return { milliseconds: performance.now() - start, plane: Array.from(plane).flat() };
};

// @ts-nocheck runs in a page of its own
import init, { bhtSNEf32, initThreadPool } from 'wasm-bhtsne';

/** Milliseconds of t-SNE as the package's own example runs it. */
window.place = async (points, iterations, threads) => {
    await init();
    await initThreadPool(threads);
    const start = performance.now();
    const encoder = new bhtSNEf32(points, { learning_rate: 200, perplexity: 30, theta: 0.5 });
    let plane = [];
    for (let i = 0; i < iterations; i++) plane = encoder.step(1);
    return { milliseconds: performance.now() - start, plane: Array.from(plane).flat() };
};

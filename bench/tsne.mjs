// @ts-check
/**
 * t-SNE in Chromium beside wasm-bhtsne: clusters in 50 dimensions, perplexity 30, theta 0.5, 1000 iterations.
 *
 *     node bench/tsne.mjs [--sizes 500,1000,2000,5000,10000] [--threads 2] [--peer-most 5000]
 *
 * Prints a table of times and of how many of the 10 nearest in the plane are of one cluster; `make bench` has it too.
 * A peer that would take minutes is left out above --peer-most points.
 */
import { mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'vite';
import { serve } from '../tools/serve.mjs';
import { launch, quit } from './browser.mjs';

const DIMS = 50;
const CLUSTERS = 10;
const ITERATIONS = 1000;
/** Points, smallest first: what is twice as large shall take little more than twice as long. */
const SIZES = [500, 1000, 2000, 5000, 10000];
const PEER_MOST = 5000;
/** The highest share of the peer's time, and the most seconds for the most points. */
const REQUIRED = { ratio: 0.3, points: 10000, seconds: 40 };

/** The same clusters for everybody. @param {number} n @returns {number[]} rows of DIMS */
function clusters(n) {
    let state = 12345;
    const uniform = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
    const normal = () => Math.sqrt(-2 * Math.log(uniform() + 1e-12)) * Math.cos(2 * Math.PI * uniform());
    const centres = Array.from({ length: CLUSTERS * DIMS }, () => 0.6 * normal());
    return Array.from({ length: n * DIMS }, (_, i) => {
        const cluster = Math.floor(i / DIMS) % CLUSTERS;
        return centres[cluster * DIMS + (i % DIMS)] + normal();
    });
}

/** Share of the 10 nearest that are of one cluster, on at most 500 of the points. @param {number[]} plane */
function agreement(plane) {
    const n = plane.length / 2;
    let same = 0;
    const judged = Math.min(n, 500);
    for (let i = 0; i < judged; i++) {
        const near = Array.from({ length: n }, (_, j) => [
            (plane[2 * i] - plane[2 * j]) ** 2 + (plane[2 * i + 1] - plane[2 * j + 1]) ** 2, j]);
        near.sort((a, b) => a[0] - b[0]);
        same += near.slice(1, 11).filter(([, j]) => j % CLUSTERS === i % CLUSTERS).length;
    }
    return same / (10 * judged);
}

/** Site, points and peer under one address. */
async function serveSite() {
    const folder = resolve('build/bench/tsne');
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync('dist')) symlinkSync(resolve('dist', name), join(folder, name));
    await build({
        root: resolve('bench/peers'),
        base: '/peers/',
        configFile: false,
        logLevel: 'error',
        worker: { format: 'es' },
        build: { outDir: join(folder, 'peers'), emptyOutDir: true, target: 'es2022',
            rollupOptions: { input: resolve('bench/peers/bhtsne.html') } },
    });
    return serve({ root: folder, strict: false });
}

/** @typedef {{milliseconds: number, plane: number[]}} Placed */

/** @param {import('puppeteer-core').Browser} browser @param {string} url @param {number[]} points @param {number} threads @returns {Promise<Placed>} */
async function ours(browser, url, points, threads) {
    const page = await browser.newPage();
    await page.goto(`${url}?isolation=off`);
    await page.waitForFunction(() => /** @type {any} */ (window).convoscope, { timeout: 60_000 });
    const result = await page.evaluate(
        async (data, dims, count, iterations) => {
            const scope = await /** @type {any} */ (window).convoscope.constructor.create({ threads: count });
            const floats = Float32Array.from(data);
            await scope.tsne(floats.subarray(0, 200 * dims), { dims, iterations: 50 });
            const start = performance.now();
            const placed = await scope.tsne(floats, { dims, iterations });
            const milliseconds = performance.now() - start;
            scope.close();
            return { milliseconds, plane: Array.from(placed.data) };
        },
        points,
        DIMS,
        threads,
        ITERATIONS,
    );
    await page.close();
    return result;
}

/** @param {import('puppeteer-core').Browser} browser @param {string} url @param {number[]} points @param {number} threads @returns {Promise<Placed>} */
async function theirs(browser, url, points, threads) {
    const page = await browser.newPage();
    await page.goto(`${url}peers/bhtsne.html`);
    await page.waitForFunction(() => /** @type {any} */ (window).place, { timeout: 60_000 });
    const rows = Array.from({ length: points.length / DIMS }, (_, i) => points.slice(i * DIMS, (i + 1) * DIMS));
    const result = await page.evaluate(
        (data, steps, count) => /** @type {any} */ (window).place(data, steps, count), rows, ITERATIONS, threads);
    await page.close();
    return result;
}

/** @param {number} points @param {Placed} mine @param {Placed | null} peer */
function judge(points, mine, peer) {
    const ratio = peer && mine.milliseconds / peer.milliseconds;
    const seconds = mine.milliseconds / 1000;
    return {
        points,
        seconds,
        peer: peer && peer.milliseconds / 1000,
        ratio,
        agreement: agreement(mine.plane),
        peerAgreement: peer && agreement(peer.plane),
        passed: (ratio === null || ratio <= REQUIRED.ratio)
            && (points !== REQUIRED.points || seconds < REQUIRED.seconds),
    };
}

/** @param {ReturnType<typeof judge>} row */
function print({ points, seconds, peer, ratio, agreement, peerAgreement, passed }) {
    const show = (/** @type {number | null} */ x) => (x === null ? '-' : x.toFixed(2));
    console.log(`${String(points).padStart(8)}${show(seconds).padStart(11)} s${show(peer).padStart(12)} s`
        + `${show(ratio).padStart(8)}  ${passed ? 'pass' : 'FAIL'}   ${show(agreement)}, ${show(peerAgreement)}`);
}

/**
 * One row for each size.
 * @param {import('puppeteer-core').Browser} browser @param {number} threads @param {number[]} [sizes] @param {number} [peerMost]
 */
export async function measureTsne(browser, threads, sizes = SIZES, peerMost = PEER_MOST) {
    const site = await serveSite();
    const table = [];
    try {
        console.log(`\nt-SNE, ${DIMS} dimensions, ${ITERATIONS} iterations, ${threads} thread(s); required: a ratio of `
            + `${REQUIRED.ratio}, ${REQUIRED.points} points in ${REQUIRED.seconds} s`);
        console.log('  points   Convoscope   wasm-bhtsne   ratio         same cluster (ours, theirs)');
        for (const n of sizes) {
            const points = clusters(n);
            const mine = await ours(browser, site.url, points, threads);
            const peer = n <= peerMost ? await theirs(browser, site.url, points, threads) : null;
            const row = judge(n, mine, peer);
            table.push(row);
            print(row);
        }
    } finally {
        await site.close();
    }
    return { dims: DIMS, iterations: ITERATIONS, threads, table };
}

async function main() {
    const { values } = parseArgs({
        options: {
            sizes: { type: 'string', default: SIZES.join() },
            threads: { type: 'string', default: '2' },
            'peer-most': { type: 'string', default: `${PEER_MOST}` },
        },
    });
    const browser = await launch();
    try {
        await measureTsne(browser, Number(values.threads), values.sizes.split(',').map(Number), Number(values['peer-most']));
    } finally {
        await quit(browser);
    }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();

// @ts-check
/**
 * The project beside its peers, in one run: medians of interleaved repetitions, one table, and
 * build/bench.json. Times are what a caller sees; ratios are what counts.
 *
 *     node bench/bench.mjs [--rounds 5] [--model FILE] [--size 227] [--no-maps]
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import puppeteer from 'puppeteer-core';
import { serve } from '../tools/serve.mjs';

const shared = process.env.CONVOSCOPE_SHARED ?? '../shared';
const { values } = parseArgs({
    options: {
        rounds: { type: 'string', default: '5' },
        model: { type: 'string', default: join(shared, 'data/models/squeezenet1_0.onnx') },
        size: { type: 'string', default: '227' },
        'no-maps': { type: 'boolean', default: false },
    },
});
const rounds = Number(values.rounds);
const size = Number(values.size);
const model = resolve(values.model);
const threadCounts = [1, 2];

/** Repetitions of a measurement in one round. */
const REPEAT = 5;

/**
 * @typedef {object} Contender
 * @property {string} task what is measured
 * @property {string} name who is measured
 * @property {number} threads
 * @property {() => Promise<number[]> | number[]} measure milliseconds of some repetitions
 * @property {number[]} times
 */

/** @type {Contender[]} */
const contenders = [];
/** @param {Omit<Contender, 'times'>} contender */
const add = (contender) => {
    if (values['no-maps'] && contender.task === 'occlusion map') return;
    contenders.push({ ...contender, times: [] });
};

if (!existsSync(model)) {
    console.error(`SKIPPED bench: ${model} does not exist; set CONVOSCOPE_SHARED or give --model FILE.`);
    process.exit(77);
}

/** @param {number[]} times */
function median(times) {
    const sorted = [...times].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** The native program tells its own median and minimum. */
function addNative() {
    const program = 'build/native/convoscope';
    if (!existsSync(program)) {
        console.error(`SKIPPED native: ${program} does not exist; run \`make native\`.`);
        return;
    }
    for (const threads of threadCounts) {
        /** @type {Record<string, number> | null} */
        let last = null;
        const once = () => {
            const text = execFileSync(program, ['bench', model, '--threads', `${threads}`, '--json'], {
                encoding: 'utf8',
            });
            return JSON.parse(text);
        };
        add({
            task: 'forward',
            name: 'Convoscope, native',
            threads,
            measure: () => {
                last = once();
                return [milliseconds(last, 'forward')];
            },
        });
        add({
            task: 'forward + input gradient',
            name: 'Convoscope, native',
            threads,
            measure: () => [milliseconds(last ?? once(), 'gradient')],
        });
    }
}

/**
 * The median that `convoscope bench --json` tells for a task.
 * @param {any} report @param {string} task
 */
function milliseconds(report, task) {
    const seconds = report?.[task]?.median;
    if (!(seconds > 0)) throw new Error(`convoscope bench --json tells no median of ${task}`);
    return seconds * 1000;
}

/** @param {import('puppeteer-core').Browser} browser @param {string} url */
async function openOurs(browser, url) {
    const page = await browser.newPage();
    await page.goto(`${url}?isolation=off`);
    await page.waitForFunction(() => /** @type {any} */ (window).convoscope, { timeout: 30_000 });
    await page.evaluate(
        async (counts, side) => {
            const w = /** @type {any} */ (window);
            const opened = await (await fetch('open.json')).json();
            w.models = {};
            for (const threads of counts) {
                const scope = await w.convoscope.constructor.create({ threads });
                w.models[threads] = await scope.open(opened.model);
            }
            w.input = Float32Array.from({ length: 3 * side * side }, (_, i) => ((i * 7919) % 256) - 116);
        },
        threadCounts,
        size,
    );
    for (const threads of threadCounts) {
        /** @param {string} task @param {number} repeat */
        const measure = (task, repeat) => () =>
            page.evaluate(
                async (count, what, n, side) => {
                    const { models, input } = /** @type {any} */ (window);
                    const target = { target: 'class:340' };
                    const pixels = new Uint8ClampedArray(4 * side * side).map((_, i) => (i * 7919) % 256);
                    const image = { width: side, height: side, data: pixels };
                    const times = [];
                    for (let i = 0; i < n; i++) {
                        const start = performance.now();
                        if (what === 'forward') await models[count].forward(input);
                        else if (what === 'gradient') await models[count].gradient(input, target);
                        else await models[count].run('occlusion', { image, ...target }).result;
                        times.push(performance.now() - start);
                    }
                    return times;
                },
                threads,
                task,
                repeat,
                size,
            );
        const name = 'Convoscope, Chromium';
        add({ task: 'forward', name, threads, measure: measure('forward', REPEAT) });
        add({ task: 'forward + input gradient', name, threads, measure: measure('gradient', REPEAT) });
        add({ task: 'occlusion map', name, threads, measure: measure('occlusion', 1) });
    }
}

/**
 * onnxruntime-web has no gradients; its occlusion map is one pass for each position, as there is no other way.
 * @param {import('puppeteer-core').Browser} browser @param {string} url @param {number} threads
 */
async function openPeer(browser, url, threads) {
    const page = await browser.newPage();
    await page.goto(`${url}peer.html`);
    await page.evaluate(
        async (count, side, file) => {
            const w = /** @type {any} */ (window);
            // An address, so that no bundler and no checker looks for the file.
            const address = '/ort/ort.wasm.min.mjs';
            const ort = await import(address);
            ort.env.wasm.wasmPaths = '/ort/';
            ort.env.wasm.numThreads = count;
            w.ort = ort;
            w.session = await ort.InferenceSession.create(file, { executionProviders: ['wasm'] });
            const data = Float32Array.from({ length: 3 * side * side }, (_, i) => ((i * 7919) % 256) - 116);
            w.feeds = { [w.session.inputNames[0]]: new ort.Tensor('float32', data, [1, 3, side, side]) };
        },
        threads,
        size,
        `/${basename(model)}`,
    );
    // The same positions as ours: patch 32, stride 16, fully inside, and the picture itself.
    const positions = (Math.floor((size - 32) / 16) + 1) ** 2 + 1;
    /** @param {number} passes @param {number} repeat */
    const measure = (passes, repeat) => () =>
        page.evaluate(
            async (n, m) => {
                const { session, feeds } = /** @type {any} */ (window);
                const times = [];
                for (let i = 0; i < m; i++) {
                    const start = performance.now();
                    for (let k = 0; k < n; k++) await session.run(feeds);
                    times.push(performance.now() - start);
                }
                return times;
            },
            passes,
            repeat,
        );
    const name = 'onnxruntime-web, Chromium';
    add({ task: 'forward', name, threads, measure: measure(1, REPEAT) });
    add({ task: 'occlusion map', name, threads, measure: measure(positions, 1) });
}

/** A folder with the peer's files and the network, by links. */
function peerSite() {
    const folder = mkdtempSync(join(tmpdir(), 'convoscope-bench-'));
    symlinkSync(resolve('node_modules/onnxruntime-web/dist'), join(folder, 'ort'));
    symlinkSync(model, join(folder, basename(model)));
    writeFileSync(join(folder, 'peer.html'), '<!doctype html><meta charset="utf-8"><title>Peer</title>');
    return folder;
}

function report() {
    const tasks = [...new Set(contenders.map((c) => c.task))];
    const rows = tasks.flatMap((task) =>
        contenders
            .filter((c) => c.task === task && c.times.length > 0)
            .map((c) => {
                const ours = contenders.find(
                    (o) => o.task === task && o.threads === c.threads && o.name === 'Convoscope, Chromium',
                );
                return {
                    task,
                    name: c.name,
                    threads: c.threads,
                    median_ms: median(c.times),
                    minimum_ms: Math.min(...c.times),
                    repetitions: c.times.length,
                    ratio: ours?.times.length ? median(c.times) / median(ours.times) : null,
                };
            }),
    );
    const line = (/** @type {string[]} */ cells) =>
        [cells[0].padEnd(26), cells[1].padEnd(27), ...cells.slice(2).map((c) => c.padStart(10))].join('');
    console.log(`\n${basename(model)} at ${size} x ${size}, ${cpus()[0]?.model ?? 'unknown processor'}`);
    console.log(line(['task', 'who', 'threads', 'median ms', 'min ms', 'ratio']));
    for (const row of rows) {
        const ratio = row.ratio === null ? '' : row.ratio.toFixed(2);
        console.log(
            line([
                row.task,
                row.name,
                `${row.threads}`,
                row.median_ms.toFixed(1),
                row.minimum_ms.toFixed(1),
                ratio,
            ]),
        );
    }
    console.log('ratio: median beside that of Convoscope in Chromium on as many threads\n');
    mkdirSync('build', { recursive: true });
    const about = { model: basename(model), size, processor: cpus()[0]?.model, cores: cpus().length };
    writeFileSync('build/bench.json', `${JSON.stringify({ ...about, rounds, rows }, null, 2)}\n`);
}

const folder = peerSite();
const profile = mkdtempSync(join(tmpdir(), 'convoscope-bench-browser-'));
const site = await serve({ root: 'dist', model });
const peers = await serve({ root: folder, strict: false });
const browser = await puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    userDataDir: profile,
    args: ['--no-sandbox', '--disable-gpu', '--no-first-run', '--disable-background-networking'],
    protocolTimeout: 600_000,
});
try {
    addNative();
    await openOurs(browser, site.url);
    for (const threads of threadCounts) await openPeer(browser, peers.url, threads);
    // The first round warms up compilers and caches.
    for (let round = 0; round <= rounds; round++) {
        for (const contender of contenders) {
            // A map is hundreds of passes: it is warm after the others, and one time a round will do.
            if (round === 0 && contender.task === 'occlusion map') continue;
            const times = await contender.measure();
            if (round > 0) contender.times.push(...times);
        }
        if (process.stderr.isTTY) process.stderr.write(`\rround ${round} of ${rounds}`);
    }
    report();
} finally {
    await browser.close();
    await site.close();
    await peers.close();
    for (const path of [folder, profile]) rmSync(path, { recursive: true, force: true, maxRetries: 5 });
}

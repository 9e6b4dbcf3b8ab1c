// @ts-check
/** Those who compute in Chromium: the project and its peers, each in a page of its own for each number of threads. */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import puppeteer from 'puppeteer-core';
import { build } from 'vite';
import { serve } from '../tools/serve.mjs';
import { OCCLUSION, STYLE_LAYERS } from './rows.mjs';

/** Steps of style transfer between the two runs whose times are subtracted. */
const STYLE_STEPS = 4;

/** The folder that is served. */
export const SITE = 'build/bench/site';

/**
 * Who is measured.
 * @typedef {object} Contender
 * @property {string} name
 * @property {number} threads
 * @property {(repetitions: number) => Promise<number[]>} measure milliseconds of each repetition
 */

/** @typedef {import('./rows.mjs').Row} Row */
/** @typedef {import('puppeteer-core').Page} Page */

export const launch = () => puppeteer.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    userDataDir: mkdtempSync(join(tmpdir(), 'convoscope-bench-')),
    args: [
        '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
        '--disable-component-update', '--disable-sync',
        // A page that is not in front is not slower.
        '--disable-renderer-backgrounding', '--disable-background-timer-throttling',
        '--disable-backgrounding-occluded-windows',
    ],
    protocolTimeout: 600_000,
});

/** Ends a browser and removes its profile. @param {import('puppeteer-core').Browser} browser */
export async function quit(browser) {
    const profile = browser.process()?.spawnargs.find((arg) => arg.startsWith('--user-data-dir='))?.slice(16);
    await browser.close();
    if (profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
}

/**
 * The built site, the networks and the peers under one address, by links; no file is copied.
 * @param {string} networks folder
 */
export async function serveAll(networks) {
    const folder = resolve(SITE);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    for (const name of readdirSync('dist')) symlinkSync(resolve('dist', name), join(folder, name));
    symlinkSync(resolve(networks), join(folder, 'networks'));
    symlinkSync(resolve('bench/peers'), join(folder, 'bench'));
    symlinkSync(resolve('node_modules/onnxruntime-web/dist'), join(folder, 'ort'));
    symlinkSync(resolve('node_modules/@tensorflow/tfjs-backend-wasm/dist'), join(folder, 'tfjs'));
    symlinkSync(resolve('node_modules/@tensorflow/tfjs/dist'), join(folder, 'tfjs-whole'));
    await buildPeers(join(folder, 'peers'));
    const ours = await serve({ root: folder });
    // The peers make code from text, which the site's own policy refuses.
    const peers = await serve({ root: folder, strict: false });
    return { ours: ours.url, peers: peers.url, close: () => Promise.all([ours.close(), peers.close()]) };
}

/** The peers' pages, bundled as their users would. @param {string} outDir */
async function buildPeers(outDir) {
    const pages = ['onnxruntime', 'tensorflow', 'tensorflow-whole', 'tensorflow-cut'].map((peer) => resolve(`bench/peers/${peer}.html`));
    await build({
        root: resolve('bench/peers'),
        base: '/peers/',
        configFile: false,
        logLevel: 'error',
        build: { outDir, emptyOutDir: true, target: 'es2022', rollupOptions: { input: pages } },
    });
}

/**
 * The project, through the JavaScript API in the page.
 * @param {import('puppeteer-core').Browser} browser @param {string} url @param {number} threads
 * @param {string} model
 */
export async function openOurs(browser, url, threads, model) {
    const page = await browser.newPage();
    await page.goto(`${url}?isolation=off`);
    await page.waitForFunction(() => /** @type {any} */ (window).convoscope, { timeout: 30_000 });
    await page.evaluate(
        async (count, name) => {
            const w = /** @type {any} */ (window);
            w.scope = await w.convoscope.constructor.create({ threads: count });
            w.convoscope.close();
            w.model = await w.scope.open(`networks/${name}.onnx`);
        },
        threads,
        model,
    );
    return page;
}

/** @param {Page} page @param {number} threads @param {Row} row @returns {Contender} */
export function ours(page, threads, row) {
    const options = { ...row, positions: OCCLUSION, styleLayers: STYLE_LAYERS.join(','), steps: STYLE_STEPS };
    return {
        name: 'Convoscope',
        threads,
        measure: (repetitions) => page.evaluate(measureOurs, options, repetitions),
    };
}

/** Runs in the page. @param {any} row @param {number} repetitions */
async function measureOurs({ task, size, target, positions, styleLayers, steps }, repetitions) {
    const { model } = /** @type {any} */ (window);
    const { fillPicture } = await import(/** @type {any} */ ('/bench/input.js'));
    const input = fillPicture(size);
    // Made for those rows alone that need it: compiling the function that fills it goes on beside the first repetitions.
    const makeImage = () => ({
        width: size,
        height: size,
        data: Uint8ClampedArray.from({ length: 4 * size * size }, (_, i) => (i % 4 === 3 ? 255 : (i * 7919) % 251)),
    });
    const image = task === 'forward' || task === 'gradient' ? null : makeImage();
    const style = { image, style: image, size, 'style-layers': styleLayers, 'content-layer': styleLayers.split(',')[0],
        'content-weight': 0, 'tv-weight': 0, optimiser: 'adam' };
    /** @param {() => Promise<any>} work */
    const time = async (work) => {
        const start = performance.now();
        await work();
        return performance.now() - start;
    };
    /** @type {Record<string, () => Promise<number>>} */
    const works = {
        forward: () => time(() => model.forward(input, { height: size, width: size })),
        gradient: () => time(() => model.gradient(input, { target, height: size, width: size })),
        occlusion: () => time(() => model.run('occlusion', { image, target: 'class:0', patch: positions.patch,
            stride: positions.patch }).result),
        // What a run does once, before and after its steps, goes away in the difference.
        style: async () => {
            const one = await time(() => model.run('style', { ...style, steps: 1 }).result);
            const more = await time(() => model.run('style', { ...style, steps: 1 + steps }).result);
            return (more - one) / steps;
        },
    };
    const times = [];
    for (let i = 0; i < repetitions; i++) times.push(await works[task]());
    return times;
}

/**
 * A peer, with the network opened.
 * @param {import('puppeteer-core').Browser} browser @param {string} url @param {string} peer
 * @param {number} threads @param {string} model
 */
export async function openPeer(browser, url, peer, threads, model) {
    const page = await browser.newPage();
    await page.goto(`${url}peers/${peer}.html`);
    await page.waitForFunction(() => /** @type {any} */ (window).peer, { timeout: 30_000 });
    await page.evaluate((options) => /** @type {any} */ (window).peer.open(options), { threads, model });
    return page;
}

/** @type {Record<string, string>} */
export const TITLES = { onnxruntime: 'onnxruntime-web', tensorflow: 'TensorFlow.js', 'tensorflow-cut': 'TensorFlow.js, cut' };

/** @param {Page} page @param {string} peer @param {number} threads @param {Row} row @returns {Contender} */
export function theirs(page, peer, threads, row) {
    const options = { ...row, occlusion: OCCLUSION, styleLayers: STYLE_LAYERS };
    return {
        name: TITLES[peer],
        threads,
        measure: (repetitions) => page.evaluate(
            (given, count) => /** @type {any} */ (window).peer.measure(given, count), options, repetitions),
    };
}

/** Why nothing can be measured in a browser here, or null. */
export function missing() {
    if (!existsSync('dist/index.html')) return 'dist/index.html does not exist: run `make site`';
    const browser = process.env.CHROMIUM ?? '/usr/bin/chromium';
    return existsSync(browser) ? null : `${browser} does not exist: install chromium, or set CHROMIUM`;
}

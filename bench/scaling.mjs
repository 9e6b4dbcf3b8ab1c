// @ts-check
/** Where the time goes in the page's module: layer by layer, and as pictures grow. */
import { openOurs } from './browser.mjs';
import { median } from './report.mjs';

/** @typedef {import('puppeteer-core').Browser} Browser */

/** Sides of the pictures: each has four times the pixels of the one before. */
const SIDES = [112, 224, 448];
/** Linear in the pixels is the limit, less what a timer wavers. */
const GROWTH_LIMIT = 4.2;
const RUNS = 5;

/** @param {number} seconds */
const milliseconds = (seconds) => (seconds * 1e3).toFixed(3).padStart(10);

/** @param {number} macs @param {number} seconds @param {number} peak */
function speed(macs, seconds, peak) {
    if (!macs || !seconds) return ''.padStart(15);
    const flops = (2 * macs) / seconds;
    return `${(flops / 1e9).toFixed(1).padStart(9)}${(100 * flops / peak).toFixed(0).padStart(5)}%`;
}

/**
 * As `convoscope bench MODEL --layers` prints it, of the module that the page takes.
 * @param {Browser} browser @param {string} url @param {string} model @param {number} threads
 */
export async function printLayers(browser, url, model, threads) {
    const page = await openOurs(browser, url, threads, model);
    const { peak, layers } = await page.evaluate((runs) => /** @type {any} */ (window).model.profile({ runs }), RUNS);
    const kind = await page.evaluate(() => /** @type {any} */ (window).scope.info.kind);
    await page.close();
    console.log(`\n${model}, ${kind} module, ${threads} thread(s), peak ${(peak / 1e9).toFixed(1)} GFLOP/s`);
    console.log(`${'layer'.padEnd(44)}${'fwd ms'.padStart(10)}${'GFLOP/s'.padStart(9)}  peak${'back ms'.padStart(10)}`
        + `${'GFLOP/s'.padStart(9)}  peak`);
    for (const { name, op, detail, macs, algorithm = ['', ''], forward, backward } of layers) {
        console.log(name.slice(-30).padEnd(31) + op.slice(0, 12).padEnd(13) + milliseconds(forward)
            + speed(macs, forward, peak) + milliseconds(backward) + speed(macs, backward, peak) + `  ${algorithm[0].padEnd(10)} ${algorithm[1].padEnd(10)} ${detail}`);
    }
    const sum = (/** @type {'forward' | 'backward'} */ way) => layers.reduce(
        (/** @type {number} */ s, /** @type {any} */ layer) => s + layer[way], 0);
    console.log('all'.padEnd(44) + milliseconds(sum('forward')) + ''.padStart(15) + milliseconds(sum('backward')));
    return { model, threads, kind, peak, layers };
}

/**
 * Forward passes of one network at several sizes.
 * @param {Browser} browser @param {string} url @param {string} model @param {number} threads
 */
export async function measureGrowth(browser, url, model, threads) {
    const page = await openOurs(browser, url, threads, model);
    const times = await page.evaluate(async (sides, runs) => {
        const { fillPicture } = await import(/** @type {any} */ ('/bench/input.js'));
        const found = [];
        for (const side of sides) {
            const input = fillPicture(side);
            const here = [];
            for (let i = 0; i <= runs; i++) {
                const start = performance.now();
                await /** @type {any} */ (window).model.forward(input, { height: side, width: side });
                here.push(performance.now() - start);
            }
            found.push(here.slice(1));
        }
        return found;
    }, SIDES, RUNS);
    await page.close();
    const medians = times.map(median);
    const factors = medians.slice(1).map((time, i) => time / medians[i]);
    const passed = factors.every((factor) => factor <= GROWTH_LIMIT);
    console.log(`growth, ${model}, ${threads} thread(s): `
        + SIDES.map((side, i) => `${side}: ${medians[i].toFixed(1)} ms`).join(', ')
        + `; times ${factors.map((f) => f.toFixed(2)).join(' and ')} for 4 times the pixels  ${passed ? 'pass' : 'FAIL'}`);
    return { model, threads, sides: SIDES, medians, factors, passed };
}

// @ts-check
/**
 * The project beside its peers, in one run: medians of interleaved repetitions, a table with the ratios
 * first, and build/bench.json. How to read it: docs/performance.md.
 *
 *     make bench BENCH='--only resnet18 --threads 1'
 *     node bench/bench.mjs [--only TEXT[,TEXT...]] [--threads 1,2] [--rounds 5] [--no-peers] [--no-native]
 *                          [--list] [--smoke]
 *     node bench/bench.mjs --layers MODEL[,MODEL...]    each layer in the page's module
 *     node bench/bench.mjs --only growth                time as pictures grow from 112 to 448
 *     node bench/bench.mjs --only tsne                  t-SNE of 500 to 10,000 points beside wasm-bhtsne
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { launch, missing, openOurs, openPeer, ours, quit, serveAll, theirs } from './browser.mjs';
import { memoryContenders, startContenders } from './opening.mjs';
import { PyTorch, isNative, missingNative, program } from './native.mjs';
import { line, printHead, printLine, printSum, save } from './report.mjs';
import { ROWS, SMOKE } from './rows.mjs';
import { measureGrowth, printLayers } from './scaling.mjs';
import { measureTsne } from './tsne.mjs';

/** Milliseconds that a contender gets in one round, and the most repetitions in them. */
const TURN_MS = 400;
const MOST_REPETITIONS = 5;
/** Milliseconds of counted work that are enough for anybody: who takes longer is measured once after the first round. */
const ENOUGH_MS = 3000;

const NETWORKS = 'build/bench/networks';
/** Whose time is watched as pictures grow. */
const GROWING = ['vgg16_features', 'squeezenet1_1'];

const { values } = parseArgs({
    options: {
        only: { type: 'string' },
        threads: { type: 'string', default: '1,2' },
        rounds: { type: 'string', default: '5' },
        'no-peers': { type: 'boolean', default: false },
        'no-native': { type: 'boolean', default: false },
        layers: { type: 'string' },
        list: { type: 'boolean', default: false },
        smoke: { type: 'boolean', default: false },
    },
});

/** @returns {import('./rows.mjs').Row[]} */
function chosenRows() {
    if (values.smoke) return [SMOKE];
    const wanted = values.only?.split(',');
    return ROWS.filter((row) => !wanted || wanted.some((text) => row.id.includes(text)));
}

/** @param {import('./browser.mjs').Contender} contender @param {number} repetitions @param {number[]} times */
async function turn(contender, repetitions, times) {
    try {
        times.push(...(await contender.measure(repetitions)));
    } catch (error) {
        throw new Error(`${contender.name} on ${contender.threads} threads: ${/** @type {any} */ (error).message}`);
    }
}

/**
 * Times as many rounds as of other rows. Memory is the same each time, and is asked for in a new browser; a start is one moment of a
 * busy machine, whose medians of 5 differed by a fifth, and so did those of passes that all together took 3 seconds.
 * @type {Record<string, number>}
 */
const ROUNDS = { memory: 0, start: 3, forward: 3, gradient: 3 };

/** @param {number[]} times */
const sum = (times) => times.reduce((total, time) => total + time, 0);

/**
 * Everybody in turn, round after round.
 * @param {import('./browser.mjs').Contender[]} contenders @param {number} rounds
 */
async function interleave(contenders, rounds) {
    const measured = contenders.map(({ name, threads }) => ({ name, threads, times: /** @type {number[]} */ ([]) }));
    /** @type {number[]} */
    const repetitions = [];
    for (let round = 0; round <= rounds; round++) {
        for (const [i, contender] of contenders.entries()) {
            const { times } = measured[i];
            if (round === 0) {
                // The first round warms up compilers and caches, and tells how often fits into a turn.
                /** @type {number[]} */
                const first = [];
                await turn(contender, 1, first);
                if (rounds === 0) times.push(first[0]);
                repetitions[i] = Math.min(MOST_REPETITIONS, Math.max(1, Math.floor(TURN_MS / first[0])));
            } else if (sum(times) < ENOUGH_MS) {
                await turn(contender, repetitions[i], times);
            }
        }
        if (process.stderr.isTTY) process.stderr.write(`\r  round ${round} of ${rounds}\x1b[K`);
    }
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
    return measured;
}

/** @param {import('./rows.mjs').Row} row @param {import('./browser.mjs').Contender[]} contenders @param {number[]} threadCounts */
async function measureRow(row, contenders, threadCounts) {
    const compared = values['no-peers'] ? contenders.filter(({ name }) => name === 'Convoscope' || name === 'native') : contenders;
    const measured = await interleave(compared, Number(values.rounds) * (ROUNDS[row.task] ?? 1));
    const lines = threadCounts.map((threads) => line({ row, measured }, threads));
    lines.forEach(printLine);
    return lines;
}

/**
 * A row that opens pages itself.
 * @param {Awaited<ReturnType<typeof serveAll>>} site @param {import('./rows.mjs').Row} row @param {number[]} threadCounts
 */
async function measureOpening(site, row, threadCounts) {
    if (row.task === 'memory') return measureRow(row, memoryContenders(site, row, threadCounts), threadCounts);
    const { contenders, close } = await startContenders(NETWORKS, row, threadCounts);
    try {
        return await measureRow(row, contenders, threadCounts);
    } finally {
        await close();
    }
}

/**
 * The rows of one network.
 * @param {import('puppeteer-core').Browser} browser @param {Awaited<ReturnType<typeof serveAll>>} site
 * @param {import('./rows.mjs').Row[]} rows @param {number[]} threadCounts
 */
async function measureNetwork(browser, site, rows, threadCounts) {
    const [{ model }] = rows;
    const peers = values['no-peers'] ? [] : [...new Set(rows.flatMap((row) => row.peers))];
    /** @type {{page: import('puppeteer-core').Page, peer: string | null, threads: number}[]} */
    const open = [];
    for (const threads of threadCounts) {
        open.push({ page: await openOurs(browser, site.ours, threads, model), peer: null, threads });
        for (const peer of peers) open.push({ page: await openPeer(browser, site.peers, peer, threads, model), peer, threads });
    }
    const torch = values['no-native'] || values['no-peers'] ? null : new PyTorch();
    const lines = [];
    for (const row of rows) {
        const contenders = open
            .filter(({ peer }) => !peer || row.peers.some((name) => name === peer))
            .map(({ page, peer, threads }) => (peer ? theirs(page, peer, threads, row) : ours(page, threads, row)));
        for (const threads of isNative(row) ? threadCounts : []) {
            if (!values['no-native']) contenders.push(program(NETWORKS, threads, row));
            if (torch) contenders.push(torch.contender(threads, row));
        }
        lines.push(...(await measureRow(row, contenders, threadCounts)));
    }
    for (const { page } of open) await page.close();
    torch?.close();
    return lines;
}

async function main() {
    const layers = values.layers?.split(',') ?? [];
    const rows = layers.length ? [] : chosenRows();
    const also = (/** @type {string} */ part) =>
        !layers.length && !values.smoke && (!values.only || values.only.includes(part));
    const growing = also('growth') ? GROWING : [];
    const placing = also('tsne');
    const models = [...new Set([...rows.map((row) => row.model), ...layers, ...growing])];
    if (values.list || (models.length === 0 && !placing)) {
        for (const { id, title } of ROWS) console.log(`${id.padEnd(34)} ${title}`);
        console.log(`${'growth'.padEnd(34)} time as pictures grow from 112 to 448`);
        console.log(`${'tsne'.padEnd(34)} t-SNE of 500 to 10,000 points beside wasm-bhtsne`);
        return;
    }
    const reason = missing() ?? (values['no-native'] ? null : missingNative());
    if (reason) {
        console.error(`SKIPPED bench: ${reason}.`);
        process.exitCode = 77;
        return;
    }
    if (models.length) execFileSync('/usr/bin/python3', ['bench/export.py', NETWORKS, ...models], { stdio: ['ignore', 2, 'inherit'] });
    const threadCounts = values.threads.split(',').map(Number);
    const site = await serveAll(NETWORKS);
    const browser = await launch();
    const all = [];
    const growth = [];
    const profiles = [];
    const tsne = [];
    if (rows.length) printHead();
    try {
        const opening = rows.filter(({ task }) => task === 'start' || task === 'memory');
        for (const model of models) {
            const here = rows.filter((row) => row.model === model && !opening.includes(row));
            if (here.length) all.push(...(await measureNetwork(browser, site, here, threadCounts)));
        }
        for (const row of opening) all.push(...(await measureOpening(site, row, threadCounts)));
        for (const threads of threadCounts) {
            for (const model of growing) growth.push(await measureGrowth(browser, site.ours, model, threads));
            for (const model of layers) profiles.push(await printLayers(browser, site.ours, model, threads));
            if (placing) tsne.push(await measureTsne(browser, threads));
        }
    } finally {
        await quit(browser);
        await site.close();
    }
    if (rows.length) printSum(all);
    save(values.smoke ? 'build/bench/smoke.json' : 'build/bench.json', { chromium: await version(), rows: all, growth, tsne, profiles });
}

const version = async () => execFileSync(process.env.CHROMIUM ?? '/usr/bin/chromium', ['--version'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();

await main();

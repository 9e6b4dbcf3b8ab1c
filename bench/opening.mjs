// @ts-check
/** What opening costs: the time to the first answer of a page, and the memory of its process. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../tools/serve.mjs';
import { writeGraphModel } from './graph-model.mjs';
import { SITE, launch, openOurs, openPeer, ours, quit, theirs, TITLES } from './browser.mjs';

/** @typedef {import('./browser.mjs').Contender} Contender */
/** @typedef {import('./rows.mjs').Row} Row */
/** @typedef {import('puppeteer-core').Page} Page */

/** The picture that everybody looks at, one of the site's samples. */
function samplePicture() {
    const name = readdirSync('dist/samples').find((file) => /\.(jpg|png)$/.test(file));
    if (!name) throw new Error('dist/samples has no picture: run `make site` where the samples can be fetched');
    return `samples/${name}`;
}

/** Runs in our page before its own scripts: notes when the first answer stands there. */
function watchClasses() {
    const observer = new MutationObserver(() => {
        if (!document.querySelector('[data-testid=classes]')) return;
        observer.disconnect();
        Object.assign(window, { firstResult: performance.now() });
    });
    observer.observe(document, { childList: true, subtree: true });
}

/** The page of a peer that has another one for this: one that opens a file. @type {Record<string, string>} */
const START_PAGES = { tensorflow: 'tensorflow-start' };

/** Milliseconds in which a new window becomes quiet: the browser's own pages in it start as well. */
const SETTLING_MS = 1500;

/**
 * Milliseconds from the opening of a page, in a browser context that has seen none before, to its first answer.
 * @param {import('puppeteer-core').Browser} browser @param {string} address @param {() => void} [before]
 */
async function timeOpening(browser, address, before) {
    const context = await browser.createBrowserContext();
    try {
        const page = await context.newPage();
        if (before) await page.evaluateOnNewDocument(before);
        await new Promise((done) => setTimeout(done, SETTLING_MS));
        await page.goto(address, { waitUntil: 'domcontentloaded' });
        const result = await page.waitForFunction(() => /** @type {any} */ (window).firstResult,
            { timeout: 60_000, polling: 50 });
        return /** @type {number} */ (await result.jsonValue());
    } finally {
        await context.close();
    }
}

/** @param {() => Promise<number>} measure @returns {Contender['measure']} */
const repeat = (measure) => async (repetitions) => {
    const found = [];
    for (let i = 0; i < repetitions; i++) found.push(await measure());
    return found;
};

/**
 * Ours is the whole page, with the network and the picture as `make serve` opens them; one thread is what a
 * host without the headers of isolation gives. A peer's is a page that does nothing else.
 * @param {import('puppeteer-core').Browser} browser @param {string} peers address @param {string} networks folder
 * @param {Row} row @param {number[]} threadCounts
 * @returns {Promise<{contenders: Contender[], close: () => Promise<any>}>}
 */
export async function startContenders(browser, peers, networks, row, threadCounts) {
    const picture = samplePicture();
    writeGraphModel(join(SITE, 'networks-tfjs', row.model));
    /** @type {Contender[]} */
    const contenders = [];
    const servers = [];
    for (const threads of threadCounts) {
        const server = await serve({ root: SITE, isolated: threads > 1, model: join(networks, `${row.model}.onnx`),
            picture: join('dist', picture) });
        servers.push(server);
        contenders.push({ name: 'Convoscope', threads,
            measure: repeat(() => timeOpening(browser, `${server.url}?isolation=off`, watchClasses)) });
        for (const peer of row.peers) {
            const address = `${peers}peers/${START_PAGES[peer] ?? peer}.html?start=${threads}&model=${row.model}&picture=/${picture}`;
            contenders.push({ name: TITLES[peer], threads, measure: repeat(() => timeOpening(browser, address)) });
        }
    }
    return { contenders, close: () => Promise.all(servers.map((server) => server.close())) };
}

/** The most memory that one of a browser's renderers ever had, in MiB. @param {import('puppeteer-core').Browser} browser */
async function mostMemory(browser) {
    const session = await browser.target().createCDPSession();
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    const peaks = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => {
        const kilobytes = readFileSync(`/proc/${id}/status`, 'utf8').match(/VmHWM:\s+(\d+)/)?.[1];
        return Number(kilobytes) / 1024;
    });
    return Math.max(...peaks);
}

/**
 * Each in a browser of its own: opens the network and runs it twice.
 * @param {{ours: string, peers: string}} site @param {Row} row @param {number[]} threadCounts @returns {Contender[]}
 */
export function memoryContenders(site, row, threadCounts) {
    const forward = /** @type {Row} */ ({ ...row, task: 'forward' });
    /** @param {(browser: import('puppeteer-core').Browser) => Promise<Contender>} open */
    const inOwnBrowser = (open) => repeat(async () => {
        const browser = await launch();
        try {
            const contender = await open(browser);
            await contender.measure(2);
            return await mostMemory(browser);
        } finally {
            await quit(browser);
        }
    });
    return threadCounts.flatMap((threads) => [
        { name: 'Convoscope', threads, measure: inOwnBrowser(async (browser) =>
            ours(await openOurs(browser, site.ours, threads, row.model), threads, forward)) },
        ...row.peers.map((peer) => ({ name: TITLES[peer], threads, measure: inOwnBrowser(async (browser) =>
            theirs(await openPeer(browser, site.peers, peer, threads, row.model), peer, threads, forward)) })),
    ]);
}

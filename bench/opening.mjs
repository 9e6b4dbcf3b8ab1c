// @ts-check
/** What opening costs: the time to the first answer of a page, and the memory of its process. */
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { serve } from '../tools/serve.mjs';
import { writeGraphModel } from './graph-model.mjs';
import { launchUnwatched } from './unwatched.mjs';
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

/** What every page marks when the answer stands in its document. */
const FIRST_ANSWER = 'first-answer';

/** The page of a peer that opens a network's file, where that of the other rows does not. @type {Record<string, string>} */
const START_PAGES = { tensorflow: 'tensorflow-whole' };

/** @param {() => Promise<number>} measure @returns {Contender['measure']} */
const repeat = (measure) => async (repetitions) => {
    const found = [];
    for (let i = 0; i < repetitions; i++) found.push(await measure());
    return found;
};

/**
 * Ours is the whole page, with the network and the picture as `make serve` opens them. A peer's is a page that does
 * nothing else. One thread is what a host without the headers of isolation gives, to all of them.
 * @param {string} networks folder @param {Row} row @param {number[]} threadCounts
 * @returns {Promise<{contenders: Contender[], close: () => Promise<any>}>}
 */
export async function startContenders(networks, row, threadCounts) {
    const picture = samplePicture();
    writeGraphModel(join(SITE, 'networks-tfjs', row.model));
    const browser = await launchUnwatched();
    /** @type {Contender[]} */
    const contenders = [];
    /** @type {{url: string, close: () => Promise<void>}[]} */
    const servers = [];
    for (const threads of threadCounts) {
        const isolated = threads > 1;
        const ours = await serve({ root: SITE, isolated, model: join(networks, `${row.model}.onnx`), picture: join('dist', picture) });
        const theirs = await serve({ root: SITE, isolated, strict: false });
        servers.push(ours, theirs);
        const add = (/** @type {string} */ name, /** @type {string} */ address) =>
            contenders.push({ name, threads, measure: repeat(() => browser.timeMark(address, FIRST_ANSWER)) });
        add('Convoscope', `${ours.url}?isolation=off`);
        for (const peer of [...row.peers, ...(row.besides ?? [])]) {
            const page = START_PAGES[peer] ?? peer;
            add(TITLES[peer], `${theirs.url}peers/${page}.html?start=${threads}&model=${row.model}&picture=/${picture}`);
        }
    }
    return { contenders, close: () => Promise.all([browser.close(), ...servers.map((server) => server.close())]) };
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

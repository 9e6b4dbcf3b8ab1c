// @ts-check
/**
 * Pages that no debugger watches while they open. One that is attached holds each worker until it is told to go on, and
 * hears of every request: a start takes 50 to 110 ms longer. So a page is only asked afterwards for what it noted.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { launch, quit } from './browser.mjs';

/** Milliseconds in which a new window becomes quiet: the browser's own pages in it start as well. */
const SETTLING_MS = 1500;
/** Until a page is asked for the first time, between two questions, and for how long at all. */
const OPENING_MS = 1200;
const ASKING_MS = 500;
const PATIENCE_MS = 60_000;

/** @typedef {import('puppeteer-core').Connection} Connection */

export async function launchUnwatched() {
    const browser = await launch();
    const connection = /** @type {Connection} */ ((await browser.target().createCDPSession()).connection());
    await connection.send('Target.setAutoAttach', { autoAttach: false, waitForDebuggerOnStart: false, flatten: true });
    return {
        /** Milliseconds from the opening of a page to a mark of User Timing. @param {string} address @param {string} mark */
        timeMark: (address, mark) => timeMark(connection, address, mark),
        close: () => quit(browser),
    };
}

/** In a context that has seen no page before. @param {Connection} connection @param {string} address @param {string} mark */
async function timeMark(connection, address, mark) {
    const { browserContextId } = await connection.send('Target.createBrowserContext');
    try {
        const { targetId } = await connection.send('Target.createTarget', { url: 'about:blank', browserContextId });
        await pause(SETTLING_MS);
        await withSession(connection, targetId, async (session) => {
            session.send('Page.navigate', { url: address }).catch(() => {}); /* answers when nobody listens any more */
        });
        await pause(OPENING_MS);
        for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await pause(ASKING_MS)) {
            const found = await withSession(connection, targetId, (session) => session.send('Runtime.evaluate',
                { expression: `performance.getEntriesByName('${mark}')[0]?.startTime` }));
            if (typeof found.result.value === 'number') return found.result.value;
        }
        throw new Error(`${address} had no answer within ${PATIENCE_MS / 1000} s`);
    } finally {
        await connection.send('Target.disposeBrowserContext', { browserContextId });
    }
}

/**
 * @template T
 * @param {Connection} connection @param {string} targetId
 * @param {(session: import('puppeteer-core').CDPSession) => Promise<T>} work
 */
async function withSession(connection, targetId, work) {
    const { sessionId } = await connection.send('Target.attachToTarget', { targetId, flatten: true });
    const session = /** @type {import('puppeteer-core').CDPSession} */ (connection.session(sessionId));
    const result = await work(session);
    await session.detach().catch(() => {}); /* a page that goes to another process ends it by itself */
    return result;
}

// @ts-check
/**
 * What the browser tests share: the site served on a free port, one browser for each test file, a
 * page that fails its test on any console error and on any request to another host, and ways into
 * the page's shadow trees by `data-testid`.
 */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after } from 'node:test';
import puppeteer from 'puppeteer-core';
import { serve } from '../../tools/serve.mjs';

export const browserName = process.env.CONVOSCOPE_BROWSER ?? 'chromium';
export const isChromium = browserName === 'chromium';

const SHARED = resolve(process.env.CONVOSCOPE_SHARED ?? '../shared');

/** @param {string} path below the folder of test data @returns {string} */
export const shared = (path) => join(SHARED, path);

export const SQUEEZENET = shared('data/models/squeezenet1_0.onnx');
export const ZEBRA = shared('reference/squeezenet_zebra/input.png');
export const ZEBRA_CLASS = 340;

/** Why the tests that need SqueezeNet and the zebra cannot run, or false. */
export const noData = [SQUEEZENET, ZEBRA].every((path) => existsSync(path))
    ? false
    : `test data are missing: set CONVOSCOPE_SHARED (now ${SHARED})`;

/** @type {Promise<import('puppeteer-core').Browser> | undefined} */
let browser;
let profile = '';

// Here, and not where the browser starts: there it would belong to the test that happens to run.
after(async () => {
    await (await browser)?.close();
    if (profile) rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
});

/** The browser of this test file; started at the first call, ended after the last test. */
function theBrowser() {
    if (browser) return browser;
    profile = mkdtempSync(join(tmpdir(), 'convoscope-browser-'));
    browser = isChromium
        ? puppeteer.launch({
              executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
              userDataDir: profile,
              args: [
                  '--no-sandbox',
                  '--disable-gpu',
                  '--disable-quic',
                  '--no-first-run',
                  '--disable-background-networking',
                  '--disable-component-update',
                  '--disable-sync',
                  '--use-fake-device-for-media-stream',
                  '--use-fake-ui-for-media-stream',
              ],
              protocolTimeout: 300_000,
          })
        : puppeteer.launch({
              browser: 'firefox',
              executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
              userDataDir: profile,
              extraPrefsFirefox: {
                  // The clock of the page, as fine as an isolated page may have it.
                  'privacy.reduceTimerPrecision': false,
              },
              protocolTimeout: 300_000,
          });
    return browser;
}

/** Runs in the page before its own scripts: finds elements through every open shadow tree. */
function installFinder() {
    /** @param {Document | ShadowRoot} root @param {string} selector @returns {Element[]} */
    const all = (root, selector) => {
        const found = [...root.querySelectorAll(selector)];
        for (const element of root.querySelectorAll('*')) {
            if (element.shadowRoot) found.push(...all(element.shadowRoot, selector));
        }
        return found;
    };
    /** @param {Element} element */
    const visible = (element) => {
        const box = element.getBoundingClientRect();
        return box.width > 0 && box.height > 0 && getComputedStyle(element).visibility === 'visible';
    };
    Object.assign(window, {
        /** @param {string} selector */
        findAll: (selector) => all(document, selector),
        /** Visible elements come first. @param {string} selector */
        find: (selector) => {
            const found = all(document, selector);
            return found.find(visible) ?? found[0] ?? null;
        },
        /** @param {string} selector */
        findVisible: (selector) => all(document, selector).find(visible) ?? null,
        /** All text below an element, shadow trees included. @param {Node} node @returns {string} */
        textOf: function textOf(node) {
            if (node.nodeType === Node.TEXT_NODE) return node.textContent ?? '';
            if (/^(STYLE|SCRIPT|TEMPLATE)$/.test(node.nodeName)) return '';
            const element = /** @type {Element} */ (node);
            const children = element.shadowRoot ? [element.shadowRoot, ...node.childNodes] : node.childNodes;
            return [...children].map(textOf).join(' ');
        },
    });
}

/**
 * @typedef {object} OpenOptions
 * @property {boolean} [isolated] serve with the headers of isolation; default true
 * @property {boolean} [serviceWorker] let the page start its service worker; default false
 * @property {string} [model] opened at the start, as `make serve MODEL=` does; default none
 * @property {boolean} [bundled] opens with the first bundled network, as a site does
 * @property {string} [picture]
 * @property {{hosts: string[], networks: object[]}} [library] in place of the site's own; its hosts may be reached
 * @property {{width: number, height: number, hasTouch?: boolean}} [viewport]
 * @property {string} [query] of the address, without the question mark
 * @property {() => void} [before] runs in the page before its own scripts
 * @property {boolean} [ready] wait for the engine and the views; default true. The first answer comes before both, so
 *     that a test which waits for that alone finds them only on a fast machine
 * @property {RegExp} [expectedErrors] console errors that belong to the test
 */

/**
 * Opens the site in a new page and waits until it can be used. At the end of the test the page must have been clean.
 * @param {import('node:test').TestContext} t
 * @param {OpenOptions} [options]
 */
export async function openSite(t, options = {}) {
    const { isolated = true, serviceWorker = false, ready = true, viewport = { width: 1280, height: 800 } } = options;
    const server = await serve({
        root: process.env.CONVOSCOPE_DIST ?? 'dist',
        isolated,
        model: options.bundled ? undefined : (options.model ?? ''),
        picture: options.picture,
        library: options.library,
    });
    const allowed = [...(options.library?.hosts ?? [])];
    const context = await (await theBrowser()).createBrowserContext();
    const page = await context.newPage();
    /** @type {string[]} */
    const faults = [];
    page.on('console', (message) => {
        if (message.type() !== 'error') return;
        const text = `${message.text()} (${message.location()?.url ?? ''})`;
        if (!options.expectedErrors?.test(text)) faults.push(`console error: ${text}`);
    });
    page.on('pageerror', (error) => {
        const text = error instanceof Error ? error.message : String(error);
        if (!options.expectedErrors?.test(text)) faults.push(`uncaught: ${text}`);
    });
    page.on('request', (request) => {
        const { protocol, origin } = new URL(request.url());
        if (['data:', 'blob:', 'about:'].includes(protocol)) return;
        if (`${origin}/` !== server.url && !allowed.includes(origin)) faults.push(`request to another host: ${request.url()}`);
    });
    await page.setViewport(viewport);
    await page.evaluateOnNewDocument(installFinder);
    if (options.before) await page.evaluateOnNewDocument(options.before);

    const query = new URLSearchParams(options.query);
    if (!serviceWorker) query.set('isolation', 'off');
    await page.goto(`${server.url}${query.size ? `?${query}` : ''}`);

    t.after(async () => {
        await context.close();
        await server.close();
        assert.deepEqual(faults, [], 'the page was not clean');
    });
    if (ready) await engineReady(page);
    return { page, server, faults };
}

/** @param {import('puppeteer-core').Page} page @param {string} selector */
function textAt(page, selector) {
    return page.evaluate((s) => {
        const { findAll, textOf } = /** @type {any} */ (window);
        return findAll(s).map(textOf).join(' | ').replace(/\s+/g, ' ').trim().slice(0, 1200);
    }, selector);
}

/**
 * The error of a wait that was in vain, with what the page says instead.
 * @param {import('puppeteer-core').Page} page
 * @param {string} message
 * @param {unknown} cause
 */
async function inVain(page, message, cause) {
    const said = await textAt(page, 'body').catch(String);
    return new Error(`${message}; the page says: “${said}”`, { cause });
}

/** How to wait: by the clock, since animation frames may stand still in a window that nobody sees. */
export const POLL = { timeout: 30_000, polling: 100 };

/** The selector of a hook. @param {string} testid */
export const hook = (testid) => `[data-testid="${testid}"]`;

/**
 * Waits until a hook is in the page and visible, and hands out its element.
 * @param {import('puppeteer-core').Page} page
 * @param {string} selector
 * @param {number} [timeout] in ms
 */
export async function seen(page, selector, timeout = 30_000) {
    try {
        const handle = await page.waitForFunction(
            (s) => /** @type {any} */ (window).findVisible(s),
            { timeout, polling: 100 },
            selector,
        );
        return /** @type {import('puppeteer-core').ElementHandle<HTMLElement>} */ (handle.asElement());
    } catch (error) {
        throw await inVain(page, `nothing visible matches ${selector} after ${timeout} ms`, error);
    }
}

/**
 * Waits until the text of a hook matches.
 * @param {import('puppeteer-core').Page} page
 * @param {string} selector
 * @param {RegExp} pattern
 * @param {number} [timeout] in ms
 */
export async function says(page, selector, pattern, timeout = 60_000) {
    try {
        await page.waitForFunction(
            (s, source, flags) => {
                const { findAll, textOf } = /** @type {any} */ (window);
                return findAll(s).some((/** @type {Element} */ e) => new RegExp(source, flags).test(textOf(e)));
            },
            { timeout, polling: 100 },
            selector,
            pattern.source,
            pattern.flags,
        );
    } catch (error) {
        const text = await textAt(page, selector);
        throw await inVain(page, `${selector} does not say ${pattern} after ${timeout} ms, but: “${text}”`, error);
    }
}

/** @param {import('puppeteer-core').Page} page @param {string} selector */
export async function click(page, selector, timeout = 30_000) {
    const element = await seen(page, selector, timeout);
    await element.evaluate(async (e) => {
        e.scrollIntoView({ block: 'center', behavior: 'instant' });
        // What appears beside it may still move it, and the pointer would miss.
        const place = () => JSON.stringify(e.getBoundingClientRect());
        for (let last = '', tries = 0; last !== place() && tries < 40; tries++) {
            last = place();
            await new Promise((done) => setTimeout(done, 60));
        }
    });
    await element.click();
}

/**
 * Waits until a canvas at or below the first element with this hook shows something: at least two
 * distinct colours.
 * @param {import('puppeteer-core').Page} page
 * @param {string} selector
 */
export async function drawn(page, selector, timeout = 30_000) {
    try {
        await page.waitForFunction(
            (s) => {
                const { findAll } = /** @type {any} */ (window);
                /** @type {Element[]} */
                const hosts = findAll(s);
                /** @param {any} node @returns {HTMLCanvasElement[]} */
                const canvases = (node) => {
                    if (node instanceof HTMLCanvasElement) return [node];
                    const below = [...(node.shadowRoot?.children ?? []), ...(node.children ?? [])];
                    return below.flatMap(canvases);
                };
                return hosts.flatMap(canvases).some((canvas) => {
                    if (canvas.width === 0 || canvas.height === 0) return false;
                    const context = canvas.getContext('2d');
                    if (!context) return false;
                    const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
                    const words = new Uint32Array(data.buffer);
                    return words.some((word) => word !== words[0]);
                });
            },
            { timeout, polling: 250 },
            selector,
        );
    } catch (error) {
        throw await inVain(page, `no canvas of ${selector} shows anything after ${timeout} ms`, error);
    }
}

/** The page's engine is there, and the views that hear of keys. @param {import('puppeteer-core').Page} page */
export async function engineReady(page, timeout = 30_000) {
    try {
        await page.waitForFunction(() => /** @type {any} */ (window).convoscope?.techniques?.length > 0
            && performance.getEntriesByName('whole-page').length > 0, { timeout, polling: 100 });
    } catch (error) {
        throw await inVain(page, `no engine and views after ${timeout} ms`, error);
    }
}

/** Stands in for the dialog of the browser: keeps what would be written. To run `before` the page's own scripts. */
export function keepFiles() {
    const w = /** @type {any} */ (window);
    w.saved = [];
    w.showOpenFilePicker = () => {};
    w.showSaveFilePicker = async (/** @type {any} */ { suggestedName }) => ({
        createWritable: async () => {
            /** @type {any[]} */
            const parts = [];
            return new WritableStream({
                write: (part) => void parts.push(part),
                close: async () => {
                    const bytes = new Uint8Array(await new Blob(parts).arrayBuffer());
                    w.saved.push({ name: suggestedName, bytes: [...bytes] });
                },
            });
        },
    });
}

/** @param {import('puppeteer-core').Page} page @param {string} id @returns {Promise<{name: string, bytes: Buffer}>} */
export async function save(page, id) {
    await page.evaluate(() => void (/** @type {any} */ (window).saved.length = 0));
    await click(page, hook(`save-${id}`));
    await page.waitForFunction(() => /** @type {any} */ (window).saved.length, { timeout: 60_000, polling: 100 });
    const { name, bytes } = await page.evaluate(() => /** @type {any} */ (window).saved[0]);
    return { name, bytes: Buffer.from(bytes) };
}

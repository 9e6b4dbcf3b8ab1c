// @ts-check
/** The page as a page: narrow screens, dark and light, keyboard, accessibility. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { POLL, SQUEEZENET, ZEBRA, click, hook, noData, openSite, says, seen } from './harness.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Elements that stick out of the screen to the right. @param {import('puppeteer-core').Page} page */
const sideways = (page) =>
    page.evaluate(() => ({
        scrolls: document.documentElement.scrollWidth - document.documentElement.clientWidth,
        width: window.innerWidth,
    }));

/** @param {import('puppeteer-core').Page} page @param {import('node:test').TestContext} t */
async function accessible(page, t) {
    // Evaluated by the debugger, which the content security policy does not concern.
    await page.evaluate(`{ const module = undefined, exports = undefined, define = undefined; ${AXE} }`);
    const violations = await page.evaluate(async () => {
        const { violations: found } = await /** @type {any} */ (window).axe.run(document, {
            resultTypes: ['violations'],
        });
        return found.map((/** @type {any} */ v) => ({
            id: v.id,
            impact: v.impact,
            help: v.help,
            where: v.nodes.slice(0, 5).map((/** @type {any} */ n) => n.target.join(' ')),
        }));
    });
    for (const v of violations) t.diagnostic(`${v.impact} ${v.id}: ${v.help} at ${v.where.join(', ')}`);
    const serious = violations.filter((/** @type {any} */ v) => /serious|critical/.test(v.impact));
    assert.deepEqual(serious, []);
}

test('nothing scrolls sideways at 360 px', { skip: noData }, async (t) => {
    const { page } = await openSite(t, {
        model: SQUEEZENET,
        picture: ZEBRA,
        viewport: { width: 360, height: 740 },
    });
    await says(page, hook('classes'), /zebra/i);
    for (const place of ['specimen', 'network', 'bench']) {
        await click(page, hook(`tab-${place}`));
        const { scrolls, width } = await sideways(page);
        assert.equal(width, 360);
        assert.ok(scrolls <= 0, `${place} is ${scrolls} px too wide`);
    }
    await click(page, hook('tab-network'));
    await click(page, '[data-testid="layer-row"]');
    await seen(page, hook('layer-tiles'));
    assert.ok((await sideways(page)).scrolls <= 0, 'the layer is too wide');
});

test('the three places are side by side on a wide screen', async (t) => {
    const { page } = await openSite(t, { viewport: { width: 1440, height: 900 } });
    const { scrolls } = await sideways(page);
    assert.ok(scrolls <= 0, `${scrolls} px too wide`);
    await seen(page, hook('specimen-picture'));
    await seen(page, hook('bench'));
});

/** Brightness of the page's background, 0 to 255. @param {import('puppeteer-core').Page} page */
const brightness = (page) =>
    page.evaluate(() => {
        const context = new OffscreenCanvas(1, 1).getContext('2d');
        if (!context) return NaN;
        for (const element of [document.documentElement, document.body]) {
            context.fillStyle = getComputedStyle(element).backgroundColor;
            context.fillRect(0, 0, 1, 1);
        }
        const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
        return a === 0 ? NaN : (r + g + b) / 3;
    });

test('dark and light, each accessible', async (t) => {
    const { page } = await openSite(t);
    /** @type {Set<string>} */
    const themes = new Set();
    for (let i = 0; i < 3; i++) {
        const light = await brightness(page);
        assert.ok(Number.isFinite(light), 'the page has no background colour');
        const name = light < 128 ? 'dark' : 'light';
        if (!themes.has(name)) await t.test(name, () => accessible(page, t));
        themes.add(name);
        await click(page, hook('theme'));
        await new Promise((done) => setTimeout(done, 400));
    }
    assert.deepEqual([...themes].sort(), ['dark', 'light']);
});

test('accessible with a network and a picture', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    await t.test('stack', () => accessible(page, t));
    await click(page, '[data-testid="layer-row"]');
    await seen(page, hook('layer-tiles'));
    await t.test('layer', () => accessible(page, t));
    await click(page, hook('technique-gradcam'));
    await t.test('bench', () => accessible(page, t));
});

test('`?` lists the keys', async (t) => {
    const { page } = await openSite(t);
    await page.keyboard.type('?');
    await page.waitForFunction(() => {
        const { findVisible, textOf } = /** @type {any} */ (window);
        const dialog = findVisible('dialog[open]');
        return dialog && /Esc/.test(textOf(dialog));
    }, POLL);
});

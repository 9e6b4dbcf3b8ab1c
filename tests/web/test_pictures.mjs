// @ts-check
/** Pictures beyond the first: a guide that is not needed, several styles, a mask; chosen, removed, and said in the line. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ZEBRA, click, hook, noData, openSite, says, seen } from './harness.mjs';

/** @typedef {import('puppeteer-core').Page} Page */

/** @param {Page} page @param {string} id @param {number} hue @param {string} name */
const give = (page, id, hue, name) =>
    page.evaluate(
        async (s, colour, title) => {
            const canvas = new OffscreenCanvas(48, 48);
            const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
            context.fillStyle = `hsl(${colour} 70% 50%)`;
            context.fillRect(0, 0, 48, 24);
            const transfer = new DataTransfer();
            transfer.items.add(new File([await canvas.convertToBlob()], title, { type: 'image/png' }));
            const input = /** @type {any} */ (window).find(s);
            input.files = transfer.files;
            input.dispatchEvent(new Event('change'));
        },
        hook(id),
        hue,
        name,
    );

/** Runs what is chosen, with settings that keep it short, and hands out its line. @param {Page} page @param {Record<string, any>} settings */
async function lineOf(page, settings) {
    await page.evaluate((values) => {
        const { store } = /** @type {any} */ (document.querySelector('convo-app'));
        store.set({ frames: [], shown: 0, settings: values });
    }, settings);
    await click(page, hook('run'));
    const line = await seen(page, hook('command'), 90_000);
    return line.evaluate((e) => (e.textContent ?? '').trim());
}

test('further pictures are chosen, removed and said', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { picture: ZEBRA, query: 'technique=dream' });
    await seen(page, hook('technique-dream'));
    await page.evaluate(() => /** @type {any} */ (document.querySelector('convo-app')).store.actions.openBundled('tiny.onnx'));
    await says(page, hook('classes'), /%/);

    await t.test('a guide of a dream', async () => {
        const short = { size: 64, octaves: 1, iterations: 2 };
        await says(page, hook('specimen-second'), /A guide picture, if you like/);
        const top = await page.$eval(hook('technique-dream'), (e) => e.getBoundingClientRect().top);
        assert.ok(top > 0 && top < 800, 'what the address bar opens is seen');
        await give(page, 'input-second', 20, 'guide.png');
        await seen(page, hook('remove-second'));
        assert.match(await lineOf(page, short), /^convoscope dream tiny\.onnx input\.png guide\.png /);
        await click(page, hook('remove-second'));
        assert.match(await lineOf(page, short), /^convoscope dream tiny\.onnx input\.png --/);
    });

    await t.test('styles and the mask of a transfer', async () => {
        const short = { size: 64, steps: 2, mask: true };
        await click(page, hook('technique-style'));
        await says(page, hook('specimen-second'), /A style picture(?!, if)/);
        await says(page, '.run-box', /Choose the second picture/);
        await give(page, 'input-second', 120, 'first.png');
        await give(page, 'input-extras', 200, 'other.png');
        await give(page, 'input-extras', 300, 'where.png');
        await says(page, '.extras', /style\s+2[\s\S]*style\s+3/);
        assert.match(await lineOf(page, short), /^convoscope style tiny\.onnx input\.png first\.png other\.png where\.png .*--mask true/);
        await says(page, '.extras', /style\s+2[\s\S]*mask/);
        // Those behind the one that goes move up.
        await click(page, hook('remove-second'));
        await says(page, 'picture-well.second', /other\.png/);
        assert.match(await lineOf(page, short), /^convoscope style tiny\.onnx input\.png other\.png where\.png /);
    });
});

// @ts-check
/** Strokes painted over the picture, by mouse, finger and keys, and the cut that follows them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { POLL, SQUEEZENET, ZEBRA, click, hook, keepFiles, noData, openSite, save, says, seen } from './harness.mjs';

/** @typedef {import('puppeteer-core').Page} Page @typedef {[number, number]} Point in shares of the picture */

/** Where points of the picture are on the screen. @param {Page} page @param {Point[]} points */
const onScreen = (page, points) =>
    page.evaluate((list) => {
        const canvas = /** @type {any} */ (document.querySelector('brush-canvas'));
        const [at, { left, top }] = [canvas.place(), canvas.getBoundingClientRect()];
        return list.map(([x, y]) => ({
            x: left + at.x + x * canvas.frame.width * at.s,
            y: top + at.y + y * canvas.frame.height * at.s,
        }));
    }, points);

/** @param {Page} page @param {Point[]} points @param {import('puppeteer-core').MouseButton} [button] */
async function drag(page, points, button = 'left') {
    const [first, ...rest] = await onScreen(page, points);
    await page.mouse.move(first.x, first.y);
    await page.mouse.down({ button });
    for (const { x, y } of rest) await page.mouse.move(x, y, { steps: 5 });
    await page.mouse.up({ button });
}

/** The cut has followed the strokes. @param {Page} page */
const cut = (page) =>
    page.waitForFunction(() => {
        const { state } = /** @type {any} */ (document.querySelector('convo-app')).store;
        return !state.running && state.frames.some((/** @type {any} */ f) => f.id === state.shown && !f.stale && f.result);
    }, POLL);

/** The mask at points: 1 is the object. @param {Page} page @param {Point[]} points */
const maskAt = (page, points) =>
    page.evaluate((list) => {
        const { state } = /** @type {any} */ (document.querySelector('convo-app')).store;
        const { items } = state.frames.find((/** @type {any} */ f) => f.id === state.shown).result;
        const { shape, data } = items.find((/** @type {any} */ item) => item.name === 'mask');
        return list.map(([x, y]) => data[Math.floor(y * shape[0]) * shape[1] + Math.floor(x * shape[1])]);
    }, points);

/** @param {Page} page */
const settings = (page) =>
    page.evaluate(() => /** @type {any} */ (document.querySelector('convo-app')).store.state.settings.strokes ?? '');

test('strokes are painted, and the cut follows', { skip: noData }, async (t) => {
    // A screen that can be touched from the start: to change that would load the page anew.
    const viewport = { width: 1280, height: 800, hasTouch: true };
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA, query: 'technique=segment', viewport, before: keepFiles });
    await says(page, hook('classes'), /zebra/i);
    await click(page, hook('paint'));
    await seen(page, hook('brush'));
    await cut(page);

    await t.test('by mouse: the object with the left button, the background with the right', async () => {
        await drag(page, [[0.2, 0.93], [0.3, 0.9]]);
        await says(page, hook('brush-says'), /1\s+object,\s+0\s+background/);
        await drag(page, [[0.35, 0.3], [0.5, 0.35]], 'right');
        await says(page, hook('brush-says'), /1\s+object,\s+1\s+background/);
        await cut(page);
        assert.deepEqual(await maskAt(page, [[0.25, 0.915], [0.42, 0.325]]), [1, 0]);
        const [object, background] = (await settings(page)).split(';');
        assert.match(object, /^\+14:(19\d|20\d),9[23]\d .*(29\d|30\d),(89\d|90\d)$/);
        assert.match(background, /^-14:3[45]\d,(29\d|30\d) /);
        const line = await page.$eval(hook('command'), (e) => e.textContent ?? '');
        assert.ok(line.includes(`--strokes '${object};${background}'`), line);
    });

    await t.test('undone and done again', async () => {
        const both = await settings(page);
        await click(page, hook('brush-undo'));
        await says(page, hook('brush-says'), /1\s+object,\s+0\s+background/);
        await click(page, hook('brush-redo'));
        assert.equal(await settings(page), both);
    });

    await t.test('erased', async () => {
        await page.evaluate(() => {
            const { store } = /** @type {any} */ (document.querySelector('convo-app'));
            store.set({ brush: { side: 'erase', radius: 30 } });
        });
        await drag(page, [[0.42, 0.25], [0.42, 0.4]]);
        await says(page, hook('brush-says'), /1\s+object,\s+2\s+background/);
        await click(page, hook('brush-clear'));
        await says(page, hook('brush-says'), /0\s+object,\s+0\s+background/);
    });

    await t.test('by keys', async () => {
        await page.focus(hook('brush'));
        await page.keyboard.press('b');
        await page.keyboard.press('[');
        await page.keyboard.press('ArrowUp');
        await page.keyboard.press(' ');
        for (let i = 0; i < 4; i++) await page.keyboard.press('ArrowRight');
        await page.keyboard.press(' ');
        await says(page, hook('brush-says'), /0\s+object,\s+1\s+background/);
        const [, radius, x, y, toX] = (await settings(page)).match(/^-(\d+):(\d+),(\d+) (\d+),\3$/).map(Number);
        assert.equal(radius, 24);
        assert.ok(toX - x > 80 && y < 480, `${x},${y} to ${toX}`);
        await page.keyboard.down('Control');
        await page.keyboard.press('z');
        await page.keyboard.up('Control');
        assert.equal(await settings(page), '');
    });

    await t.test('by finger, on a small screen', async () => {
        await page.setViewport({ ...viewport, width: 360, height: 740 });
        await page.evaluate(() => {
            const { store } = /** @type {any} */ (document.querySelector('convo-app'));
            store.set({ brush: { side: '+', radius: 20 } });
        });
        await new Promise((done) => setTimeout(done, 300));
        const [a, b] = await onScreen(page, [[0.3, 0.4], [0.7, 0.4]]);
        const finger = await page.touchscreen.touchStart(a.x, a.y);
        await finger.move((a.x + b.x) / 2, a.y);
        await finger.move(b.x, b.y);
        await finger.end();
        await says(page, hook('brush-says'), /1\s+object,\s+0\s+background/);
        await cut(page);
        assert.deepEqual(await maskAt(page, [[0.5, 0.4]]), [1]);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= 360, `${wide} px wide`);
        await page.setViewport(viewport);
    });

    await t.test('the cut-out is saved with transparency, and the brush is put away', async () => {
        const { name, bytes } = await save(page, 'cutout');
        assert.match(name, /segment-cutout\.png$/);
        const alphas = await page.evaluate(async (png) => {
            const bitmap = await createImageBitmap(new Blob([new Uint8Array(png)], { type: 'image/png' }));
            const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
            const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
            context.drawImage(bitmap, 0, 0);
            const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
            const share = (/** @type {number} */ value) => data.filter((v, i) => i % 4 === 3 && v === value).length / (data.length / 4);
            return [share(0), share(255)];
        }, [...bytes]);
        assert.ok(alphas.every((share) => share > 0.02) && alphas[0] + alphas[1] < 1, `shares of alpha 0 and 255: ${alphas}`);
        await page.focus(hook('brush'));
        await page.keyboard.press('Escape');
        await seen(page, hook('result-canvas'));
        await click(page, hook('open-brush'));
        await says(page, hook('brush-says'), /1\s+object,\s+0\s+background/);
    });
});

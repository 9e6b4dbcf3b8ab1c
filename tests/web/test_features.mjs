// @ts-check
/** Features of a set of pictures outlive the visit: the next one computes none, and its results are the same. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { click, engineReady, hook, openSite, says, seen } from './harness.mjs';

const COUNT = 20;
const TECHNIQUES = ['neighbours', 'pca', 'tsne'];

/** Runs in the page: the techniques on a set that it draws, each with how many pictures had to be looked at. */
async function compare({ count, techniques }) {
    const scope = /** @type {any} */ (window).convoscope;
    const drawn = async (/** @type {number} */ i) => {
        const canvas = new OffscreenCanvas(48, 48);
        const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
        context.fillStyle = `hsl(${i * 37} 80% 50%)`;
        context.fillRect(0, 0, 48, 48);
        context.fillStyle = '#fff';
        for (let at = 0; at < 48; at += 4 + (i % 5)) context.fillRect(at, i, 2 + (i % 3), 20);
        return { blob: await canvas.convertToBlob(), name: `${i}.png`, group: i % 2 ? 'odd' : 'even' };
    };
    const set = await scope.openSet(await Promise.all(Array.from({ length: count }, (_, i) => drawn(i))));
    const model = await scope.open('models/tiny.onnx');
    const [computed, said] = [/** @type {number[]} */ ([]), /** @type {string[]} */ ([])];
    for (const technique of techniques) {
        const { items, facts } = await model.run(technique, { images: [set] }).result;
        const isComputed = (/** @type {any} */ fact) => fact.name === 'computed';
        computed.push(facts.find(isComputed).value);
        const bytes = items.map(({ data, group }) => [...new Uint8Array(data.buffer), ...(group ?? [])]);
        said.push(JSON.stringify([items, facts.filter((/** @type {any} */ fact) => !isComputed(fact)), bytes]));
    }
    await model.close();
    await set.close();
    const encoded = new TextEncoder().encode(said.join());
    const sum = [...new Uint8Array(await crypto.subtle.digest('SHA-256', encoded))].join();
    return { computed, sum, kept: await scope.keptFeatures() };
}

/** @param {import('puppeteer-core').Page} page @param {string[]} [techniques] */
const compared = (page, techniques = TECHNIQUES) => page.evaluate(compare, { count: COUNT, techniques });

test('a second visit computes no features again, and removing them works', async (t) => {
    const { page } = await openSite(t);
    const first = await compared(page);
    assert.deepEqual(first.computed, [COUNT, 0, 0]);
    assert.equal(first.kept.networks, 1);
    assert.ok(first.kept.bytes > COUNT * 4 * 8, `${first.kept.bytes} bytes`);

    await t.test('the second visit', async () => {
        await page.reload();
        await engineReady(page);
        const second = await compared(page);
        assert.deepEqual(second.computed, [0, 0, 0]);
        assert.deepEqual(second, { ...first, computed: [0, 0, 0] });
    });

    await t.test('a file that was cut short counts as none', async () => {
        await page.evaluate(async () => {
            const top = await (await navigator.storage.getDirectory()).getDirectoryHandle('features');
            for await (const folder of /** @type {any} */ (top).values()) {
                for await (const file of folder.values()) {
                    if (file.name === 'used') continue;
                    const { size } = await file.getFile();
                    const writable = await file.createWritable({ keepExistingData: true });
                    await writable.truncate(size - 1);
                    await writable.close();
                }
            }
        });
        await page.reload();
        await engineReady(page);
        assert.deepEqual(await compared(page), first);
    });

    await t.test('the library shows how much is kept, and removes it', async () => {
        await page.keyboard.press('l');
        await says(page, hook('features-row'), /Features of pictures[\s\S]*a network\s+said[\s\S]*\d\s?kB/);
        await click(page, hook('features-remove'));
        await page.waitForFunction((s) => !(/** @type {any} */ (window).find(s)), { timeout: 10_000, polling: 100 }, hook('features-row'));
        const entries = await page.evaluate(async () => {
            const names = [];
            for await (const name of /** @type {any} */ (await navigator.storage.getDirectory()).keys()) names.push(name);
            return names;
        });
        assert.deepEqual(entries, []);
        await page.reload();
        await engineReady(page);
        assert.deepEqual(await compared(page, ['pca']).then(({ computed }) => computed), [COUNT]);
    });

    await t.test('two tabs write at once, and what they leave is whole', async () => {
        const other = await page.browserContext().newPage();
        await other.goto(page.url());
        await engineReady(other);
        await page.evaluate(() => /** @type {any} */ (window).convoscope.removeFeatures());
        await Promise.all([compared(page), compared(other)]);
        await other.close();
        await page.reload();
        await engineReady(page);
        assert.deepEqual(await compared(page), { ...first, computed: [0, 0, 0] });
    });

    await t.test('the privacy panel tells that it is kept', async () => {
        await click(page, hook('privacy'));
        await seen(page, hook('dialog-privacy'));
        await says(page, hook('dialog-privacy'), /what networks\s+said\s+of your sets of pictures/);
    });
});

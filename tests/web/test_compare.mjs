// @ts-check
/** Several methods, or several frames, side by side: one zoom, one pointer, scales with numbers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SQUEEZENET, ZEBRA, click, drawn, hook, noData, openSite, says, seen } from './harness.mjs';

const CHOSEN = ['gradient', 'guided-backprop', 'gradcam'];

/** Chooses the methods and no other. @param {import('puppeteer-core').Page} page @param {string[]} wanted */
async function choose(page, wanted) {
    await click(page, hook('methods'));
    await seen(page, hook('method-gradient'));
    const all = await page.$$eval('[data-testid^="method-"]', (chips) =>
        chips.map((c) => [
            /** @type {HTMLElement} */ (c).dataset.testid ?? '',
            c.getAttribute('aria-pressed') ?? '',
        ]),
    );
    for (const [id, pressed] of all) {
        const want = wanted.includes(id.replace('method-', ''));
        if (want !== (pressed === 'true')) await click(page, hook(id));
    }
    return all.map(([id]) => id.replace('method-', ''));
}

test('three methods side by side', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    const offered = await choose(page, CHOSEN);
    for (const id of ['smoothgrad', 'integrated-gradients', 'occlusion', 'scorecam'])
        assert.ok(offered.includes(id), `${id} is not offered`);
    assert.ok(!offered.includes('filters'), 'filters explain no answer');
    await click(page, hook('run-methods'));
    for (let i = 0; i < CHOSEN.length; i++) await drawn(page, hook(`compare-${i}`), 90_000);
    await seen(page, hook('run-methods'), 90_000); /* no longer busy */
    assert.equal(await page.$$eval('.panes figure', (f) => f.length), CHOSEN.length);
    assert.equal(await page.$$eval(hook('frame'), (f) => f.length), CHOSEN.length, 'frames of the strip');

    await t.test('each has its own scale, or all have one', async () => {
        const ends = () =>
            page.$$eval('.panes colour-bar', (bars) => bars.map((b) => /** @type {any} */ (b).high));
        const own = await ends();
        assert.equal(new Set(own).size, CHOSEN.length, `own scales: ${own}`);
        await click(page, '.tools [aria-label="Scale"] button:last-of-type');
        await page.waitForFunction(
            () => {
                const bars = [...document.querySelectorAll('.panes colour-bar')];
                return new Set(bars.map((b) => /** @type {any} */ (b).high)).size === 1;
            },
            { timeout: 10_000, polling: 50 },
        );
        assert.ok(Math.max(...own) <= (await ends())[0] * 1.0001, 'the common scale is too short');
        await click(page, '.tools [aria-label="Scale"] button:first-of-type');
    });

    await t.test('what is pointed at in one is read in all', async () => {
        const box = await (await page.$(hook('compare-1')))?.boundingBox();
        assert.ok(box);
        await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
        await page.waitForFunction(
            (s) => [...document.querySelectorAll(s)].every((e) => /y \d+, x \d+/.test(e.textContent ?? '')),
            { timeout: 10_000, polling: 50 },
            hook('compare-value'),
        );
        const values = await page.evaluate(() =>
            [...document.querySelectorAll('.panes figure')].map((figure) => {
                const text = figure.querySelector('[data-testid=compare-value]')?.textContent ?? '';
                return text.replace(/\s+/g, ' ');
            }),
        );
        assert.equal(new Set(values).size, CHOSEN.length, `values: ${values}`);
    });

    await t.test('one zoom for all', async () => {
        await page.focus(hook('compare-0'));
        for (let i = 0; i < 3; i++) await page.keyboard.press('+');
        const scale = await page.evaluate(
            () => /** @type {any} */ (document.querySelector('convo-app')).store.state.zoom.scale,
        );
        assert.ok(scale > 1.9 && scale < 2, `zoom ${scale}`);
    });

    await t.test('two of them one over the other', async () => {
        await click(page, `${hook('frame')}:first-of-type [aria-label="Choose for comparison"]`);
        await click(page, '.tools [aria-label="Show"] button:last-of-type');
        await drawn(page, hook('compare-over'));
    });

    await t.test('the colours of all change together', async () => {
        await click(page, '.tools [aria-label="Show"] button:first-of-type');
        await page.select('.tools select', 'viridis');
        await drawn(page, hook('compare-0'));
    });
});

test('a method with nothing to show says so, and the others go on', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    await choose(page, ['deconvnet', 'gradcam']);
    await click(page, hook('run-methods'));
    await says(page, '.error', /Deconvnet.*zero everywhere/s);
    await drawn(page, hook('compare-0'));
});

test('a batch is cancelled as a whole', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    await choose(page, ['occlusion', 'gradcam']);
    await click(page, hook('run-methods'));
    await click(page, hook('cancel-methods'));
    await seen(page, hook('run-methods'));
    await new Promise((done) => setTimeout(done, 500));
    const running = await page.$(hook('cancel'));
    assert.equal(running, null, 'something still runs');
});

// @ts-check
/** Runs every technique of the table: through the engine with its defaults, and from the bench. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
    SQUEEZENET,
    ZEBRA,
    click,
    drawn,
    hook,
    noData,
    openSite,
    says,
    seen,
} from './harness.mjs';

/** Settings that keep a run short; everything else is the table's default. */
const SHORT = { steps: 5, iterations: 5, samples: 4, stride: 48, maps: 16, resolution: 16 };

/** For this class the deconvnet is zero everywhere, which it says; an earlier unit is not. */
const TARGETS = { deconvnet: 'layer:/features/features.5/Concat' };

/** What SqueezeNet cannot do, and says. @type {Record<string, RegExp>} */
const REFUSED = { 'style-fast': /gives classes/ };

test('every technique through the engine', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    const techniques = await page.evaluate(() => /** @type {any} */ (window).convoscope.techniques);
    await page.evaluate(
        async (png) => {
            const w = /** @type {any} */ (window);
            const model = await w.convoscope.open('opened/squeezenet1_0.onnx');
            const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
            const zebra = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
            const canvas = new OffscreenCanvas(200, 160);
            const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
            for (let i = 0; i < 200; i++) {
                context.fillStyle = `hsl(${(i * 67) % 360} 80% 50%)`;
                context.fillRect((i * 53) % 200, (i * 31) % 160, 24, 12);
            }
            const style = await createImageBitmap(canvas);
            w.bench = { model, zebra, style };
        },
        readFileSync(ZEBRA).toString('base64'),
    );

    for (const technique of techniques) {
        await t.test(technique.id, async () => {
            /** @type {Record<string, number | string>} */
            const settings = {};
            if (technique.id in TARGETS) settings.target = TARGETS[/** @type {'deconvnet'} */ (technique.id)];
            for (const { name } of technique.parameters) {
                if (name in SHORT) settings[name] = SHORT[/** @type {keyof typeof SHORT} */ (name)];
            }
            const made = page.evaluate(
                async (id, pictures, parameters) => {
                    const { model, zebra, style } = /** @type {any} */ (window).bench;
                    const given = { ...parameters };
                    const images = [zebra, style].slice(0, pictures);
                    while (images.length < pictures)
                        images.push(await createImageBitmap(zebra, 12 * images.length, 9, 120, 150));
                    const run = model.run(id, { ...given, images });
                    let partials = 0;
                    for await (const partial of run) partials += partial ? 1 : 0;
                    const result = await run.result;
                    return result.items.map((/** @type {any} */ item) => {
                        let low = Infinity;
                        let high = -Infinity;
                        let finite = true;
                        for (const value of item.data) {
                            finite &&= Number.isFinite(value);
                            low = Math.min(low, value);
                            high = Math.max(high, value);
                        }
                        const size = item.shape.reduce((/** @type {number} */ a, /** @type {number} */ b) => a * b, 1);
                        return { name: item.name, finite, low, high, size, length: item.data.length, partials };
                    });
                },
                technique.id,
                technique.pictures,
                settings,
            );
            if (technique.id in REFUSED) return assert.rejects(made, REFUSED[technique.id]);
            const items = await made;
            assert.ok(items.length > 0, 'the result has no item');
            for (const item of items) {
                assert.equal(item.length, item.size, `${item.name}: data and shape disagree`);
                assert.ok(item.finite, `${item.name}: a value is not finite`);
            }
            assert.ok(items[0].high > items[0].low, `${items[0].name} is flat`);
        });
    }
});

test('the bench runs a technique and keeps its frame', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    const frames = () => page.evaluate((s) => /** @type {any} */ (window).findAll(s).length, hook('frame'));

    for (const id of ['gradcam', 'guided-backprop', 'filters', 'fgsm']) {
        await t.test(id, async () => {
            const before = await frames();
            await click(page, hook(`technique-${id}`));
            await click(page, hook('run'));
            await page.waitForFunction(
                (s, n) => /** @type {any} */ (window).findAll(s).length > n,
                { timeout: 60_000, polling: 100 },
                hook('frame'),
                before,
            );
            await drawn(page, hook('result-canvas'));
        });
    }
    assert.equal(await frames(), 4, 'a frame was lost');
    await seen(page, hook('frame'));
});

test('a network that paints is one click away', async (t) => {
    const { page } = await openSite(t, { bundled: true });
    await says(page, hook('classes'), /%/);
    await click(page, hook('technique-style-fast'));
    await click(page, hook('painter-style-marble'));
    await seen(page, `${hook('painter-style-marble')}[aria-pressed="true"]`);
    await click(page, hook('run'));
    await drawn(page, hook('result-canvas'));
});

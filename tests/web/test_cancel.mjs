// @ts-check
/** A style transfer is run and cancelled: quickly, with the partial picture kept, and the page stays alive. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SQUEEZENET, ZEBRA, isChromium, hook, noData, openSite, says } from './harness.mjs';

/** ms that Cancel may take, and that a task of the main thread may last. */
const CANCEL_LIMIT = 100;
const TASK_LIMIT = 50;
/** Another program that takes the processor for a moment is not what is measured: the best of as many counts. */
const TRIES = 3;

for (const threads of [1, 2]) {
    test(`cancel on ${threads} thread(s)`, { skip: noData }, async (t) => {
        const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
        await says(page, hook('classes'), /zebra/i);
        const outcome = await page.evaluate(
            async (png, count, limit, tries) => {
                const w = /** @type {any} */ (window);
                const scope = await w.convoscope.constructor.create({ threads: count });
                const model = await scope.open('opened/squeezenet1_0.onnx');
                const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
                const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));

                /** @type {number[]} */
                const tasks = [];
                if (globalThis.PerformanceObserver?.supportedEntryTypes?.includes('longtask')) {
                    new PerformanceObserver((list) => {
                        for (const entry of list.getEntries()) tasks.push(entry.duration);
                    }).observe({ entryTypes: ['longtask'] });
                }
                const table = scope.techniques.find((/** @type {any} */ x) => x.id === 'style');
                /** @type {Record<string, number>} */
                const many = {};
                for (const { name } of table.parameters) {
                    if (name === 'steps' || name === 'iterations') many[name] = 500;
                }
                /** @param {number} wait ms after the first picture; negative: before there is any */
                const cancelAfter = async (wait) => {
                    const controller = new AbortController();
                    const progress = [];
                    const run = model.run(
                        'style',
                        { image, style: image, ...many },
                        { signal: controller.signal, onProgress: (/** @type {any} */ p) => progress.push(p) },
                    );
                    const result = run.result.then(
                        (/** @type {any} */ value) => ({ value }),
                        (/** @type {any} */ error) => ({ error: String(error) }),
                    );
                    const first = new Promise((seen) => {
                        (async () => {
                            try {
                                for await (const partial of run) seen(partial);
                            } catch {
                                // told by the result
                            }
                        })();
                    });
                    if (wait >= 0) await first;
                    await new Promise((done) => setTimeout(done, wait < 0 ? 300 : wait));
                    const start = performance.now();
                    controller.abort();
                    const { value, error } = await result;
                    return {
                        took: performance.now() - start,
                        early: wait < 0,
                        error,
                        partial: value?.partial,
                        values: value?.items?.[0]?.data.length ?? 0,
                        progress: progress.length,
                    };
                };
                const results = [];
                // At different moments after the first picture, so that every part of a step is hit now
                // and then; and before there is any.
                for (const wait of [-1, 10, 230, 570, 910]) {
                    let best = await cancelAfter(wait);
                    for (let i = 1; i < tries && best.took > limit; i++) {
                        const again = await cancelAfter(wait);
                        if (again.took < best.took) best = again;
                    }
                    results.push(best);
                }
                await new Promise((done) => setTimeout(done, 100));
                scope.close();
                return { results, tasks };
            },
            readFileSync(ZEBRA).toString('base64'),
            threads,
            CANCEL_LIMIT,
            TRIES,
        );
        for (const { took, early, error, partial, values, progress } of outcome.results) {
            t.diagnostic(`cancelled after ${took.toFixed(1)} ms${early ? ', before the first picture' : ''}`);
            assert.ok(took <= CANCEL_LIMIT, `cancel took ${took} ms`);
            if (early && error) continue;
            assert.equal(error, undefined, 'a cancelled run still hands out its result');
            assert.equal(partial, true, 'the result does not say that it is partial');
            assert.ok(values > 0, 'the partial picture is gone');
            assert.ok(progress > 0, 'no progress was told');
        }
        if (!isChromium) t.diagnostic('this browser does not tell long tasks; they are measured in Chromium');
        const longest = Math.max(0, ...outcome.tasks);
        t.diagnostic(`longest task of the main thread: ${longest || 'under 50'} ms`);
        assert.ok(longest <= TASK_LIMIT, `the main thread was busy for ${longest} ms`);
    });
}

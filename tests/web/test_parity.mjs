// @ts-check
/**
 * What the shipped WebAssembly computes for SqueezeNet and the zebra, against what an independent
 * implementation computed for the same numbers (see the README beside the reference files). All
 * modules: one thread and several, with and without fused multiply-add.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { SQUEEZENET, ZEBRA, ZEBRA_CLASS, noData, openSite, isChromium, shared } from './harness.mjs';
import { fromBase64, readNpy, relativeError, toBase64 } from './npy.mjs';

/** @param {string} name */
const reference = (name) => readNpy(shared(`reference/squeezenet_zebra/${name}.npy`)).data;

/** Relative L2 error that forward values, and gradients, may have. */
const FORWARD = 1e-5;
const GRADIENT = 1e-4;

/** Runs in the page: opens the network, and leaves the tools of the tests at window.bench. */
async function prepare(/** @type {string} */ address, /** @type {string} */ input, /** @type {any} */ options) {
    const w = /** @type {any} */ (window);
    const scope = await w.convoscope.constructor.create(options);
    const model = await scope.open(address);
    const raw = Uint8Array.from(atob(input), (c) => c.charCodeAt(0));
    w.bench = {
        scope,
        model,
        input: new Float32Array(raw.buffer),
        /** @param {any} value a typed array, or something that carries one as `data` */
        encode(value) {
            const data = value.data ?? value;
            const b = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
            let text = '';
            for (let i = 0; i < b.length; i += 32768) text += String.fromCharCode(...b.subarray(i, i + 32768));
            return btoa(text);
        },
    };
    return { kind: scope.info.kind, layers: model.layers };
}

for (const kind of ['simd', 'threads', 'relaxed', 'relaxed-threads']) {
    test(`parity of ${kind}`, { skip: noData }, async (t) => {
        const { page } = await openSite(t, { model: SQUEEZENET });
        const input = toBase64(reference('input'));
        const options = { threads: kind.endsWith('threads') ? 2 : 1, fused: kind.startsWith('relaxed') };
        const { layers, kind: used } = await page.evaluate(prepare, 'opened/squeezenet1_0.onnx', input, options);
        // Chromium has had relaxed SIMD since version 114; another browser may take the module without.
        if (isChromium || !options.fused) assert.equal(used, kind);

        /** @param {string} name @param {string} got base64 @param {number} bound */
        const compare = (name, got, bound) => {
            const expected = reference(name);
            if (expected.every((value) => value === 0)) {
                // The deconvnet of this class: what comes back through the last ReLU is negative everywhere.
                const data = fromBase64(got);
                assert.equal(data.length, expected.length);
                assert.ok(data.every((value) => value === 0), `${name} is not zero everywhere`);
                return;
            }
            const error = relativeError(fromBase64(got), expected);
            t.diagnostic(`${name}: relative error ${error.toExponential(2)}`);
            assert.ok(error <= bound, `${name}: relative error ${error} is above ${bound}`);
        };

        await t.test('logits', async () => {
            const got = await page.evaluate(async () => {
                const { model, input, encode } = /** @type {any} */ (window).bench;
                return encode(await model.forward(input));
            });
            compare('logits', got, FORWARD);
        });

        for (const [name, rule] of [
            ['grad_logit', 'exact'],
            ['guided_backprop', 'guided'],
            ['deconvnet', 'deconvnet'],
        ]) {
            await t.test(name, async () => {
                const got = await page.evaluate(
                    async (target, r) => {
                        const { model, input, encode } = /** @type {any} */ (window).bench;
                        return encode(await model.gradient(input, { target, rule: r }));
                    },
                    `class:${ZEBRA_CLASS}`,
                    rule,
                );
                compare(name, got, GRADIENT);
            });
        }

        await t.test('grad_gram_fire4', async () => {
            // The third concatenation is fire4's: the network begins with fire2.
            const node = layers.filter((/** @type {any} */ l) => l.op === 'Concat')[2];
            const got = await page.evaluate(async (target) => {
                const { model, input, encode } = /** @type {any} */ (window).bench;
                return encode(await model.gradient(input, { target }));
            }, `gram:${node.name || node.output}`);
            compare('grad_gram_fire4', got, GRADIENT);
        });

        // The techniques take a picture: the same 227 x 227 pixels, so that nothing is resized.
        const pixels = readFileSync(ZEBRA).toString('base64');
        /** @param {string} id @param {Record<string, unknown>} settings */
        const technique = (id, settings) =>
            page.evaluate(
                async (name, parameters, png) => {
                    const { model, encode } = /** @type {any} */ (window).bench;
                    const bytes = Uint8Array.from(atob(png), (c) => c.charCodeAt(0));
                    const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
                    const result = await model.run(name, { image, ...parameters }).result;
                    return result.items.map((/** @type {any} */ item) => ({
                        name: item.name,
                        kind: item.kind,
                        shape: [...item.shape],
                        data: encode(item),
                    }));
                },
                id,
                settings,
                pixels,
            );
        const target = `class:${ZEBRA_CLASS}`;

        await t.test('gradcam_fire9', async () => {
            const concats = layers.filter((/** @type {any} */ l) => l.op === 'Concat');
            const node = concats[concats.length - 1];
            const items = await technique('gradcam', { target, layer: node.name || node.output });
            const size = reference('gradcam_fire9').length;
            const item = items.find((i) => i.shape.reduce((a, b) => a * b, 1) === size);
            assert.ok(item, `no item has the size of the layer: ${items.map((i) => `${i.name} ${i.shape}`)}`);
            compare('gradcam_fire9', item.data, GRADIENT);
        });

        // The same passes as the logits, 169 times: once is enough.
        const slow = options.threads === 1 && 'runs with threads';
        await t.test('occlusion', { skip: slow }, async () => {
            const items = await technique('occlusion', { target, patch: 32, stride: 16, colour: 'black' });
            const size = reference('occlusion').length;
            const item = items.find((i) => i.shape.reduce((a, b) => a * b, 1) === size);
            assert.ok(item, `no item has one value for each position: ${items.map((i) => `${i.name} ${i.shape}`)}`);
            // Differences of probabilities near 1, which float32 holds in steps of 6e-8.
            const expected = reference('occlusion');
            const worst = Math.max(...fromBase64(item.data).map((value, i) => Math.abs(value - expected[i])));
            t.diagnostic(`occlusion: largest difference ${worst.toExponential(2)}`);
            assert.ok(worst < 2e-6, `a probability differs by ${worst}`);
        });

        await t.test('fgsm_2', async () => {
            const items = await technique('fgsm', { target, eps: 2 });
            const image = items.find((i) => i.kind === 'image');
            assert.ok(image, 'fgsm hands out no picture');
            // The reference is BGR less its mean; the picture is RGB from 0 to 1.
            const expected = reference('fgsm_2');
            const mean = [104, 117, 123];
            const got = fromBase64(image.data);
            assert.equal(got.length, expected.length);
            const plane = expected.length / 3;
            let wrong = 0;
            for (let c = 0; c < 3; c++) {
                for (let i = 0; i < plane; i++) {
                    const level = expected[c * plane + i] + mean[c];
                    if (Math.abs(got[(2 - c) * plane + i] * 255 - level) > 0.01) wrong++;
                }
            }
            t.diagnostic(`fgsm_2: ${wrong} of ${expected.length} values differ`);
            assert.ok(wrong <= expected.length / 1000, `${wrong} of ${expected.length} values differ`);
        });
    });
}

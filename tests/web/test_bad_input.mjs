// @ts-check
/** Wrong files get one sentence, and the page goes on as before. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { POLL, SQUEEZENET, ZEBRA, hook, noData, openSite, says } from './harness.mjs';

const folder = mkdtempSync(join(tmpdir(), 'convoscope-bad-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** @param {string} name @param {string | Uint8Array} content */
function file(name, content) {
    const path = join(folder, name);
    writeFileSync(path, content);
    return path;
}

/** @param {import('puppeteer-core').Page} page @param {string} input @param {string} path */
async function upload(page, input, path) {
    const handle = await page.waitForFunction((s) => /** @type {any} */ (window).find(s), POLL, hook(input));
    const element = /** @type {import('puppeteer-core').ElementHandle<HTMLInputElement>} */ (handle.asElement());
    await element.uploadFile(path);
}

/** The sentence that is shown now. @param {import('puppeteer-core').Page} page */
const sentence = (page) =>
    page.evaluate((s) => {
        const { findAll, textOf } = /** @type {any} */ (window);
        return findAll(s).map(textOf).join(' ').replace(/\s+/g, ' ').trim();
    }, hook('error'));

/** What each wrong network must be called. @type {[string, () => string, RegExp][]} */
const networks = [
    [
        'a Git LFS pointer',
        () => file('pointer.onnx', `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 9\n`),
        /LFS/,
    ],
    ['a web page', () => file('page.onnx', '<!doctype html><html><body>Not found</body></html>'), /HTML|web page/i],
    ['a PyTorch file', () => file('net.pth', Buffer.from('504b0304000000000000', 'hex')), /PyTorch|zip/i],
    ['a Keras file', () => file('net.h5', Buffer.from('894844460d0a1a0a0000', 'hex')), /Keras|HDF5/i],
    ['an empty file', () => file('empty.onnx', ''), /empty/i],
    ['noise', () => file('noise.onnx', Buffer.from(Array.from({ length: 999 }, (_, i) => (i * 131 + 7) & 255))), /./],
];

test('wrong networks', async (t) => {
    const { page } = await openSite(t);
    for (const [name, make, pattern] of networks) {
        await t.test(name, async () => {
            await upload(page, 'input-network', make());
            await says(page, hook('error'), pattern, 10_000);
            const text = await sentence(page);
            assert.ok(text.length > 20 && text.length < 400, `no sentence: ${text}`);
            t.diagnostic(text);
        });
    }
});

test('a truncated download, and then the right file', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { picture: ZEBRA });
    const whole = readFileSync(SQUEEZENET);
    await upload(page, 'input-network', file('half.onnx', whole.subarray(0, whole.length / 2)));
    await says(page, hook('error'), /truncat|incomplete|ends|cut/i, 10_000);
    t.diagnostic(await sentence(page));
    await upload(page, 'input-network', SQUEEZENET);
    await says(page, hook('classes'), /\b340\b/);
    assert.equal(await sentence(page), '', 'the old error is still shown');
});

test('no pictures', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    for (const [name, content] of /** @type {[string, string | Uint8Array][]} */ ([
        ['text.png', 'this is no picture'],
        ['empty.jpg', ''],
        ['cut.png', readFileSync(ZEBRA).subarray(0, 20)],
    ])) {
        await t.test(name, async () => {
            await upload(page, 'input-picture', file(name, content));
            await says(page, hook('error'), /./, 10_000);
            t.diagnostic(await sentence(page));
            await says(page, hook('classes'), /zebra/i, 5_000);
        });
    }
});

test('the engine refuses what is wrong with a sentence', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    const messages = await page.evaluate(async () => {
        const { convoscope } = /** @type {any} */ (window);
        const model = await convoscope.open('opened/squeezenet1_0.onnx');
        const input = new Float32Array(3 * 227 * 227).fill(1);
        /** @param {() => Promise<any>} act */
        const refusal = async (act) => {
            try {
                await act();
                return null;
            } catch (error) {
                const { name, code, message } = /** @type {any} */ (error);
                return { name, code, message };
            }
        };
        return {
            'a class that does not exist': await refusal(() => model.gradient(input, { target: 'class:5000' })),
            'a layer that does not exist': await refusal(() => model.gradient(input, { target: 'layer:nowhere' })),
            'a wrong length': await refusal(() => model.forward(new Float32Array(10))),
            'a technique that does not exist': await refusal(() => model.run('alchemy', {}).result),
            'and goes on': await refusal(() => model.forward(input)),
        };
    });
    for (const [name, message] of Object.entries(messages)) {
        if (name === 'and goes on') {
            assert.equal(message, null, `afterwards a right call fails: ${message?.message}`);
        } else {
            assert.ok(message && message.message.length > 15, `${name}: ${JSON.stringify(message)}`);
            t.diagnostic(`${name}: ${message.message}`);
        }
    }
});

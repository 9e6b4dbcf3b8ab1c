// @ts-check
/** A network with unsupported operators: the whole list, and the layers that can run. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { POLL, ZEBRA, drawn, hook, noData, openSite, says, seen } from './harness.mjs';

const folder = mkdtempSync(join(tmpdir(), 'convoscope-unsupported-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A field of protobuf's wire format: a number below 128, or bytes. @param {number} number @param {any} value */
function field(number, value) {
    if (typeof value === 'number') return Buffer.from([number << 3, value]);
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([(number << 3) | 2, (bytes.length & 127) | 128, bytes.length >> 7]), bytes]);
}

/** @param {[string, string, string[], string][]} nodes operator, name, inputs, output */
function network(nodes) {
    const node = (/** @type {[string, string, string[], string]} */ [op, name, inputs, output]) =>
        field(1, Buffer.concat([...inputs.map((i) => field(1, i)), field(2, output), field(3, name), field(4, op)]));
    const edge = (/** @type {number} */ number, /** @type {string} */ name, /** @type {number[]} */ dims) => {
        const shape = Buffer.concat(dims.map((d) => field(1, field(1, d))));
        return field(number, Buffer.concat([field(1, name), field(2, field(1, Buffer.concat([field(1, 1), field(2, shape)])))]));
    };
    const values = Buffer.from(Float32Array.from({ length: 4 * 3 }, (_, i) => Math.sin(i)).buffer);
    const weights = Buffer.concat([...[4, 3, 1, 1].map((d) => field(1, d)), field(2, 1), field(8, 'w'), field(9, values)]);
    const graph = [...nodes.map(node), field(2, 'g'), field(5, weights), edge(11, 'x', [1, 3, 32, 32]), edge(12, 'y', [1, 4])];
    return Buffer.concat([field(1, 8), field(7, Buffer.concat(graph)), field(8, field(2, 17))]);
}

/** @param {import('puppeteer-core').Page} page @param {string} name @param {Buffer} bytes */
async function drop(page, name, bytes) {
    const path = join(folder, name);
    writeFileSync(path, bytes);
    const handle = await page.waitForFunction((s) => /** @type {any} */ (window).find(s), POLL, hook('input-network'));
    await /** @type {any} */ (handle.asElement()).uploadFile(path);
}

test('the layers before an unsupported operator are shown, and all such operators', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { picture: ZEBRA });
    await drop(page, 'some.onnx', network([
        ['Conv', 'conv1', ['x', 'w'], 'a'],
        ['Relu', 'relu1', ['a'], 'b'],
        ['LSTM', 'memory', ['b'], 'c'],
        ['NonMaxSuppression', 'boxes', ['c'], 'y'],
    ]));
    await says(page, hook('unsupported'), /LSTM[^]*opset\s+17[^]*memory[^]*convolutional part/);
    await says(page, hook('unsupported'), /NonMaxSuppression[^]*boxes[^]*post-processing/);
    await seen(page, '[data-layer="relu1"]');
    await drawn(page, '[data-layer="relu1"] canvas');
    const absent = await page.evaluate(() => !/** @type {any} */ (window).find('[data-layer="memory"]'));
    assert.ok(absent, 'a layer that cannot run is shown');
});

test('where nothing can run, the list is shown with the error', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { picture: ZEBRA });
    await drop(page, 'none.onnx', network([['LSTM', 'memory', ['x'], 'y']]));
    await says(page, hook('error'), /LSTM/);
    await says(page, hook('unsupported'), /memory[^]*convolutional part/);
});

// @ts-check
/** A set of pictures: a zip of class folders is opened, its neighbours and its t-SNE are drawn. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateRawSync, deflateSync } from 'node:zlib';
import { POLL, SQUEEZENET, ZEBRA, click, hook, noData, openSite, says, seen } from './harness.mjs';

const SIDE = 24;

/** @param {string} type @param {Buffer} data */
function chunk(type, data) {
    const body = Buffer.concat([Buffer.from(type), data]);
    let crc = -1;
    for (const byte of body) {
        crc ^= byte;
        for (let k = 0; k < 8; k++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
    }
    const out = Buffer.alloc(12 + data.length);
    out.writeUInt32BE(data.length, 0);
    body.copy(out, 4);
    out.writeUInt32BE(~crc >>> 0, 8 + data.length);
    return out;
}

/** A PNG of stripes, their colour and width by class. @param {number} kind @param {number} i */
function picture(kind, i) {
    const rows = [];
    for (let y = 0; y < SIDE; y++) {
        const row = Buffer.alloc(1 + 3 * SIDE);
        for (let x = 0; x < SIDE; x++) {
            const on = (kind ? x : y) % (3 + (i % 3)) < 2;
            row.set(on ? [200 - i, 40 * kind, 30 + 5 * i] : [20, 120 - 3 * i, 200 * kind], 1 + 3 * x);
        }
        rows.push(row);
    }
    const head = Buffer.alloc(13);
    head.writeUInt32BE(SIDE, 0);
    head.writeUInt32BE(SIDE, 4);
    head.set([8, 2, 0, 0, 0], 8);
    const parts = [chunk('IHDR', head), chunk('IDAT', deflateSync(Buffer.concat(rows))), chunk('IEND', Buffer.alloc(0))];
    return Buffer.concat([Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]), ...parts]);
}

/** Every second file is deflated. @param {Record<string, Buffer>} files */
function zip(files) {
    const locals = [];
    const entries = [];
    let at = 0;
    for (const [i, [name, data]] of Object.entries(files).entries()) {
        const packed = i % 2 ? deflateRawSync(data) : data;
        const local = Buffer.alloc(30);
        local.writeUInt32LE(0x04034b50, 0);
        local.writeUInt16LE(name.length, 26);
        const entry = Buffer.alloc(46);
        entry.writeUInt32LE(0x02014b50, 0);
        entry.writeUInt16LE(i % 2 ? 8 : 0, 10);
        entry.writeUInt32LE(packed.length, 20);
        entry.writeUInt32LE(data.length, 24);
        entry.writeUInt16LE(name.length, 28);
        entry.writeUInt32LE(at, 42);
        locals.push(local, Buffer.from(name), packed);
        entries.push(entry, Buffer.from(name));
        at += 30 + name.length + packed.length;
    }
    const directory = Buffer.concat(entries);
    const end = Buffer.alloc(22);
    end.writeUInt32LE(0x06054b50, 0);
    end.writeUInt16LE(Object.keys(files).length, 10);
    end.writeUInt32LE(directory.length, 12);
    end.writeUInt32LE(at, 16);
    return Buffer.concat([...locals, directory, end]);
}

test('a set of pictures is opened, and techniques compare them', { skip: noData }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'convoscope-set-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    /** @type {Record<string, Buffer>} */
    const files = { 'set/notes.txt': Buffer.from('none'), 'set/rows/broken.png': Buffer.from('no picture') };
    for (let i = 0; i < 8; i++) {
        files[`set/rows/${i}.png`] = picture(0, i);
        files[`set/columns/${i}.png`] = picture(1, i);
    }
    const archive = join(folder, 'set.zip');
    writeFileSync(archive, zip(files));

    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA, query: 'technique=tsne' });
    await says(page, hook('classes'), /zebra/i);
    await says(page, '.run-box', /open a folder/i);
    const input = /** @type {import('puppeteer-core').ElementHandle<HTMLInputElement>} */ (await page.$(hook('input-set')));
    await input.uploadFile(archive);
    await says(page, hook('set'), /16\s+pictures\s*,\s+2\s+classes\s*,\s+1\s+could not be read/);

    await click(page, hook('run'));
    await seen(page, hook('points'));
    await page.waitForFunction(() => /** @type {any} */ (window).find('[data-testid="run"]'), { ...POLL, timeout: 120_000 });
    await says(page, '.legend', /columns\s+8[\s\S]*rows\s+8/);
    await page.focus(hook('points'));
    await page.keyboard.press('ArrowRight');
    await says(page, hook('point-name'), /\d\.png · (rows|columns)/);
    await says(page, hook('command'), /^\s*unzip -q set\.zip -d set && convoscope tsne squeezenet1_0\.onnx set\/set .*--out tsne\.png\s*$/);

    const rows = await page.evaluate(async () => {
        const { scope, model } = await /** @type {any} */ (async () => {
            const convoscope = /** @type {any} */ (window).convoscope;
            return { scope: convoscope, model: await convoscope.open('opened/squeezenet1_0.onnx') };
        })();
        void scope;
        /** @param {number} hue */
        const drawn = async (hue) => {
            const canvas = new OffscreenCanvas(32, 32);
            const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
            context.fillStyle = `hsl(${hue} 80% 50%)`;
            context.fillRect(0, 0, 32, 32);
            context.fillStyle = '#fff';
            context.fillRect(4, hue / 16, 12, 6);
            return canvas.convertToBlob();
        };
        const pictures = [];
        for (let i = 0; i < 9; i++) pictures.push({ blob: await drawn(40 * i), name: `${i}.png`, group: i < 4 ? 'a' : 'b' });
        const set = await scope.openSet(pictures);
        const image = await createImageBitmap(pictures[3].blob);
        const result = await model.run('neighbours', { image, images: [set], count: 2 }).result;
        const table = result.items.find((/** @type {any} */ item) => item.kind === 'table');
        await set.close();
        return table.rows;
    });
    assert.equal(rows.length, 2);
    assert.equal(rows[0][1], '3.png');
    assert.equal(rows[0][4], '3.png');
    assert.ok(rows[0][3] < 1e-3, `distance ${rows[0][3]}`);

    await click(page, hook('set-remove'));
    await says(page, '.run-box', /open a folder/i);

    // The set that comes with the page.
    await click(page, hook('set-drawn'));
    await says(page, hook('set'), /324\s+pictures\s*,\s+18\s+classes/);

    // The line makes the folder first; a network that is small enough for so many pictures.
    await page.evaluate(() => /** @type {any} */ (document.querySelector('convo-app')).store.actions.openBundled('tiny.onnx'));
    await says(page, hook('specimen-network'), /tiny\.onnx/);
    await click(page, hook('technique-pca'));
    await click(page, hook('run'));
    await says(page, hook('command'), /^\s*convoscope scenes pictures && convoscope pca tiny\.onnx pictures .*--out pca\.png\s*$/);

    // There is room for the cloud beside 18 classes; on a telephone it all scrolls, and nothing lies over another.
    for (const [width, height, least] of [[1280, 800, 300], [360, 740, 240]]) {
        await page.setViewport({ width, height });
        if (width < 860) await click(page, hook('tab-network'));
        const found = await page.waitForFunction((/** @type {number} */ h) => {
            const of = (/** @type {string} */ s) => /** @type {any} */ (window).find(s)?.getBoundingClientRect();
            const all = ['[data-testid="points"]', 'point-cloud .readout', '.legend', '.figures-box', '.save'].map(of);
            return all[0]?.height >= h && all.map(({ top, bottom }) => [top, bottom]);
        }, POLL, least);
        const boxes = /** @type {number[][]} */ (await found.jsonValue());
        const [cloud, readout, legend, figures, save] = boxes;
        const order = width > 1000 ? [cloud, readout, figures, save] : [cloud, readout, legend, figures, save];
        order.slice(1).forEach(([top], i) => assert.ok(top >= order[i][1] - 1, `${width}: ${JSON.stringify(boxes)}`));
    }
});

// @ts-check
/** What a result is saved as: picture, film, numbers, and the line that makes it again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SQUEEZENET, ZEBRA, click, drawn, hook, keepFiles, noData, openSite, save, says, seen } from './harness.mjs';

/** @param {import('puppeteer-core').Page} page @param {string} id */
async function result(page, id) {
    await click(page, hook(`technique-${id}`));
    await click(page, hook('run'));
    await seen(page, hook('save-png'), 90_000);
    await drawn(page, hook('result-canvas'));
}

/** A film in place of a result, as a technique would make it: each frame of one grey.
 * @param {import('puppeteer-core').Page} page */
const showFilm = (page) =>
    page.evaluate(() => {
        const { store } = /** @type {any} */ (document.querySelector('convo-app'));
        const [count, height, width] = [5, 24, 32];
        const each = 3 * height * width;
        const data = Float32Array.from(
            { length: count * each },
            (_, i) => Math.floor(i / each) / (count - 1),
        );
        const shape = [count, 3, height, width];
        const item = { name: 'film', title: 'Growing lighter', kind: 'film', shape, data };
        const old = store.state.frames[0];
        const items = [{ ...item, low: 0, high: 1, framesPerSecond: 20 }];
        store.set({ frames: [{ ...old, result: { ...old.result, items } }], item: 0, moment: -1 });
    });

test('a result is saved as picture, numbers, and line', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA, before: keepFiles });
    await says(page, hook('classes'), /zebra/i);
    await result(page, 'smoothgrad');

    await t.test('PNG', async () => {
        const { name, bytes } = await save(page, 'png');
        assert.match(name, /smoothgrad\.png$/);
        assert.equal(bytes.toString('latin1', 1, 4), 'PNG');
        assert.equal(bytes.readUInt32BE(16), 227);
    });

    await t.test('.npy and .csv hold the same numbers', async () => {
        const npy = await save(page, 'npy');
        assert.match(npy.bytes.toString('latin1', 0, 128), /NUMPY.*'shape': \(227, 227\)/s);
        const csv = (await save(page, 'csv')).bytes.toString().trimEnd().split('\n');
        assert.equal(csv.length, 227);
        const at = npy.bytes.length - 227 * 227 * 4;
        csv.forEach((line, y) => {
            const values = line.split(',').map(Number);
            assert.equal(values.length, 227);
            for (let x = 0; x < 227; x++)
                assert.equal(Math.fround(values[x]), npy.bytes.readFloatLE(at + 4 * (y * 227 + x)));
        });
    });

    await t.test('the line names picture, target and seed, and is copied', async () => {
        const line = await page.$eval(hook('command'), (e) => e.textContent);
        assert.match(line ?? '', /^convoscope smoothgrad squeezenet1_0\.onnx input\.png .*--target class:top/);
        assert.match(line ?? '', /--seed 1\b.*--out smoothgrad\.png$/);
        await page.evaluate(() => {
            navigator.clipboard.writeText = async (text) => void (/** @type {any} */ (window).copied = text);
        });
        await click(page, hook('copy-command'));
        assert.equal(await page.evaluate(() => /** @type {any} */ (window).copied), line);
    });
});

test('the same seed gives the same numbers', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    const [first, again, other] = await page.evaluate(async () => {
        const model = await /** @type {any} */ (window).convoscope.open('opened/squeezenet1_0.onnx');
        const picture = await (await fetch('opened/input.png')).blob();
        const made = [];
        for (const seed of [7, 7, 8]) {
            const image = await createImageBitmap(picture);
            const { items } = await model.run('smoothgrad', { image, seed, samples: 4 }).result;
            made.push([...items[0].data]);
        }
        return made;
    });
    assert.deepEqual(first, again);
    assert.notDeepEqual(first, other);
});

test('tiles are saved as a GIF, one after the other', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA, before: keepFiles });
    await says(page, hook('classes'), /zebra/i);
    await result(page, 'filters');
    const { name, bytes } = await save(page, 'gif');
    assert.match(name, /filters\.gif$/);
    assert.equal(bytes.toString('latin1', 0, 6), 'GIF89a');
    assert.equal(bytes.readUInt16LE(6), 133, '7 pixels, enlarged 19 times');
    assert.equal(bytes.toString('latin1').split('\x21\xf9\x04').length - 1, 96);
});

test('a film is played, stepped, scrubbed and saved', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA, before: keepFiles });
    await says(page, hook('classes'), /zebra/i);
    await result(page, 'gradcam');
    await showFilm(page);
    const player = 'film-player';
    await says(page, player, /5 of 5/);

    await t.test('step, play and scrub', async () => {
        await click(page, hook('film-back'));
        await says(page, player, /4 of 5/);
        await click(page, hook('film-on'));
        await click(page, hook('film-on'));
        await says(page, player, /1 of 5/);
        await page.focus(`${player} input[type=range]`);
        await page.keyboard.press('ArrowRight');
        await says(page, player, /2 of 5/);
        await click(page, hook('film-play'));
        await says(page, player, /5 of 5/);
        await says(page, player, /1 of 5/); /* round again */
        await click(page, hook('film-play'));
        assert.equal(await page.$eval(hook('film-play'), (b) => b.getAttribute('aria-label')), 'Play');
    });

    await t.test('the picture is the frame that is shown', async () => {
        await page.evaluate(
            () => void /** @type {any} */ (document.querySelector('convo-app')).store.set({ moment: 2 }),
        );
        await says(page, player, /3 of 5/);
        const { bytes } = await save(page, 'png');
        const grey = await page.evaluate(async (png) => {
            const image = await createImageBitmap(new Blob([new Uint8Array(png)], { type: 'image/png' }));
            const context = /** @type {any} */ (new OffscreenCanvas(image.width, image.height).getContext('2d'));
            context.drawImage(image, 0, 0);
            return context.getImageData(3, 3, 1, 1).data[0];
        }, [...bytes]);
        assert.ok(Math.abs(grey - 128) <= 1, `grey ${grey}`);
    });

    await t.test('the GIF has every frame at its pace', async () => {
        const { bytes } = await save(page, 'gif');
        const text = bytes.toString('latin1');
        assert.deepEqual([bytes.readUInt16LE(6), bytes.readUInt16LE(8)], [128, 96], 'enlarged 4 times');
        assert.ok(text.includes('NETSCAPE2.0'));
        await says(page, '.toast', /\.gif: 100 %/);
        const controls = [...text.matchAll(/\x21\xf9\x04/g)];
        assert.equal(controls.length, 5);
        assert.equal(bytes.readUInt16LE(controls[0].index + 4), 5, 'hundredths of a second');
        assert.match((await page.$eval(hook('command'), (e) => e.textContent)) ?? '', /\.gif$/);
        assert.equal(await page.$(hook('save-csv')), null, 'a film has no CSV');
    });
});

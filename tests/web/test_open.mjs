// @ts-check
/** Opens SqueezeNet and the zebra, classifies, and looks at every view. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
    POLL,
    SQUEEZENET,
    ZEBRA,
    click,
    drawn,
    hook,
    noData,
    openSite,
    says,
    seen,
    shared,
} from './harness.mjs';

test('the page opens on an invitation', async (t) => {
    const { page } = await openSite(t);
    await seen(page, hook('specimen-picture'));
    await seen(page, hook('specimen-network'));
    const ids = await page.evaluate(() =>
        /** @type {any} */ (window).convoscope.techniques.map((/** @type {any} */ x) => x.id),
    );
    for (const id of ['filters', 'activations', 'occlusion', 'gradient', 'gradcam', 'fgsm', 'style']) {
        assert.ok(ids.includes(id), `the table of techniques has no ${id}`);
    }
});

test('the page opens with a network and a picture of its own', async (t) => {
    const { page } = await openSite(t, { bundled: true });
    await says(page, hook('classes'), /\d\s%/);
    await drawn(page, hook('specimen-picture'));
    await seen(page, hook('stack'));
});

/** Before the page's own scripts: notes what stands where, and lets the views wait for the answer however slow the machine is. */
function noteFirstView() {
    const later = window.setTimeout;
    /** @param {any} work @param {number} [ms] @param {any[]} rest */
    const patiently = (work, ms, ...rest) => later(work, ms === 500 ? 60_000 : ms, ...rest);
    Object.assign(window, { setTimeout: patiently });
    /** @param {string} selector */
    const note = (selector) => {
        const element = /** @type {HTMLElement | null} */ (document.querySelector(selector));
        const { top, left, width } = element?.getBoundingClientRect() ?? { top: 0, left: 0, width: 0 };
        return element && { text: element.innerText.split(/\s+/), top: Math.round(top), left: Math.round(left), width: Math.round(width) };
    };
    new MutationObserver((_, observer) => {
        const w = /** @type {any} */ (window);
        w.firstAnswer ??= note('[data-testid=first-answer]');
        w.firstPicture ??= note('.first-specimen .well');
        w.noteAgain = note;
        if (document.querySelector('[data-testid=classes]')) observer.disconnect();
    }).observe(document, { childList: true, subtree: true });
}

for (const viewport of [{ width: 1280, height: 800 }, { width: 360, height: 1200 }]) {
    test(`the answer stands before the views, where they draw it: ${viewport.width} wide`, async (t) => {
        const { page } = await openSite(t, { bundled: true, viewport, before: noteFirstView });
        await says(page, hook('classes'), /\d\s%/);
        await page.waitForFunction(() => document.querySelector('.samples img'), POLL);
        const noted = /** @type {Record<string, any>} */ (await page.evaluate(() => {
            const w = /** @type {any} */ (window);
            return {
                first: { answer: w.firstAnswer, picture: w.firstPicture },
                then: { answer: w.noteAgain('[data-testid=classes]'), picture: w.noteAgain('[data-testid=specimen-picture]') },
                left: document.querySelector('#first-view') !== null,
            };
        }));
        assert.match(noted.first.answer.text.join(' '), /Answer.*%/);
        assert.deepEqual(noted.first, noted.then);
        assert.equal(noted.left, false);
    });
}

test('the server can name what is opened', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    await says(page, hook('classes'), /9[89]|100/);
    // What was asked for early was taken, and nothing was asked for twice.
    const { left, asked } = await page.evaluate(() => ({
        left: (({ worker, answers }) => ({ worker, answers: answers.size }))(/** @type {any} */ (window).early),
        asked: performance.getEntriesByType('resource').filter(({ name }) => name.includes('/opened/')).map(({ name }) => name),
    }));
    assert.deepEqual(left, { worker: null, answers: 0 });
    assert.equal(asked.length, 2, asked.join(' '));
});

test('a network and a picture that the user picks', { skip: noData }, async (t) => {
    const { page } = await openSite(t);
    /** @param {string} name @param {string} file */
    const pick = async (name, file) => {
        const found = await page.waitForFunction((s) => /** @type {any} */ (window).find(s), POLL, hook(name));
        const input = found.asElement();
        await /** @type {import('puppeteer-core').ElementHandle<HTMLInputElement>} */ (input).uploadFile(file);
    };
    await pick('input-network', SQUEEZENET);
    await pick('input-picture', ZEBRA);
    // The file carries no names; the classes have numbers until the user brings the names.
    await says(page, hook('classes'), /\b340\b/);
    await pick('input-network', shared('data/models/imagenet_synset_words.txt'));
    await says(page, hook('classes'), /zebra/i);
});

test('every view draws', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);

    await t.test('the specimen', () => drawn(page, hook('specimen-picture')));
    await t.test('the stack of layers', async () => {
        await seen(page, hook('stack'));
        await drawn(page, hook('stack'));
        await says(page, hook('stack'), /MaxPool/);
    });
    await t.test('a layer, channel by channel', async () => {
        await click(page, '[data-testid="layer-row"]');
        await seen(page, hook('layer-tiles'));
        await drawn(page, hook('layer-tiles'));
        await page.waitForFunction(() => /layer=/.test(location.search), POLL);
    });
    await t.test('a unit', async () => {
        await page.focus('body');
        const tiles = await seen(page, hook('layer-tiles'));
        await tiles.click({ offset: { x: 30, y: 30 } });
        await seen(page, hook('unit'));
        await drawn(page, hook('unit'));
    });
    await t.test('Escape goes up again', async () => {
        await page.keyboard.press('Escape');
        await seen(page, hook('layer-tiles'));
        await page.keyboard.press('Escape');
        await seen(page, hook('stack'));
    });
});

test('the address bar brings the view back', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    await click(page, '[data-testid="layer-row"]');
    await page.waitForFunction(() => /layer=/.test(location.search), POLL);
    await page.reload();
    await seen(page, hook('layer-tiles'));
    await drawn(page, hook('layer-tiles'));
});

/** Before the page's own scripts: threads and tables, which a start leaves for after the first answer, come late. */
function completeLate() {
    const { postMessage } = Worker.prototype;
    /** @this {Worker} @param {any} message @param {any} transfer */
    Worker.prototype.postMessage = function (message, transfer) {
        const send = () => postMessage.call(this, message, transfer);
        if (message?.method !== 'complete') return send();
        Object.assign(window, { late: setTimeout(send, 1500) });
    };
}

for (const query of ['', 'layer=/features/features.0/Conv', 'layer=/features/features.0/Conv&unit=3']) {
    test(`the views do without colours until they come: ?${query}`, { skip: noData }, async (t) => {
        const { page } = await openSite(t, { model: SQUEEZENET, picture: ZEBRA, query, before: completeLate });
        await drawn(page, '#place-network');
        assert.ok(await page.evaluate(() => /** @type {any} */ (window).late), 'nothing was late');
    });
}

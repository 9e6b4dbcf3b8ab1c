// @ts-check
/** The library of networks, with a server of the test in the place of the public host. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { test } from 'node:test';
import { SQUEEZENET, ZEBRA, click, engineReady, hook, noData, openSite, says, seen } from './harness.mjs';

/** @param {Buffer | string} bytes */
const sum = (bytes) => createHash('sha256').update(bytes).digest('hex');

/**
 * The stand-in: /good, /moved (which leads there), /damaged, /short, /slow, and everything else is not there.
 * @param {import('node:test').TestContext} t @param {Buffer} bytes
 */
async function host(t, bytes) {
    const asked = { total: 0 };
    const server = createServer((request, response) => {
        asked.total++;
        const path = new URL(request.url ?? '/', 'http://localhost').pathname;
        response.setHeader('Access-Control-Allow-Origin', '*');
        if (path.startsWith('/moved')) return void response.writeHead(302, { Location: '/good/net.onnx' }).end();
        if (path.startsWith('/good')) return void response.end(bytes);
        if (path.startsWith('/damaged')) {
            const damaged = Buffer.from(bytes);
            damaged[1000] ^= 1;
            return void response.end(damaged);
        }
        if (path.startsWith('/short')) return void response.end(bytes.subarray(0, 70_000));
        if (path.startsWith('/slow')) return void response.write(bytes.subarray(0, 70_000));
        response.writeHead(404).end();
    });
    await new Promise((done) => server.listen(0, '127.0.0.1', () => done(undefined)));
    const close = () => {
        server.closeAllConnections();
        return new Promise((done) => server.close(done));
    };
    t.after(close);
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    return { origin: `http://127.0.0.1:${port}`, asked, close };
}

/** @param {import('node:test').TestContext} t @param {{forbidden?: boolean, expectedErrors?: RegExp}} [how] */
async function openLibrary(t, { forbidden = false, expectedErrors } = {}) {
    const bytes = readFileSync(SQUEEZENET);
    const { origin, asked, close } = await host(t, bytes);
    const network = (/** @type {string} */ id) => ({
        id,
        title: `Network ${id}`,
        about: 'a network of the test',
        address: `${origin}/${id}/net.onnx`,
        bytes: bytes.length,
        sha256: sum(bytes),
        licence: 'Apache-2.0',
        preprocessing: { channels: 'BGR', range: '255', mean: '104,117,123', std: '1,1,1' },
    });
    const library = {
        hosts: forbidden ? [] : [origin],
        networks: ['good', 'moved', 'damaged', 'short', 'slow', 'gone'].map(network),
    };
    const { page, server } = await openSite(t, { picture: ZEBRA, library, expectedErrors });
    await page.keyboard.press('l');
    await seen(page, row('good'));
    return { page, server, asked, origin, close };
}

/** @param {string} id */
const row = (id) => `${hook('library-row')}[data-network="${id}"]`;

/** Ids of the networks that are on this computer. @param {import('puppeteer-core').Page} page @returns {Promise<string[]>} */
const kept = (page) =>
    page.evaluate(() => /** @type {any} */ (document.querySelector('convo-app')).store.state.kept);

/** What the browser itself keeps. @param {import('puppeteer-core').Page} page */
const stored = (page) =>
    page.evaluate(async () => {
        const keys = await (await caches.open('convoscope-library')).keys();
        return keys.map((r) => new URL(r.url).pathname);
    });

test('a network is fetched when asked, checked, kept, opened again without the host, and removed', { skip: noData }, async (t) => {
    const { page, asked, origin, close } = await openLibrary(t);
    assert.equal(asked.total, 0, 'something was fetched before anybody asked');

    await t.test('fetched, checked and opened', async () => {
        await click(page, `${row('good')} ${hook('library-fetch')}`);
        await says(page, hook('classes'), /class 340/, 90_000);
        assert.deepEqual(await kept(page), ['good']);
        await page.waitForFunction(() => location.search.includes('model=library:good'), { timeout: 10_000 });
    });

    await t.test('the privacy panel tells of it', async () => {
        await click(page, hook('privacy'));
        await says(page, hook('elsewhere'), /^\s*1\s*$/);
        await says(page, hook('dialog-privacy'), new RegExp(`${origin}/good/net.onnx`));
        await click(page, '[aria-label="Close"]');
    });

    await t.test('a redirection within the hosts is followed', async () => {
        await page.keyboard.press('l');
        await click(page, `${row('moved')} ${hook('library-fetch')}`);
        await page.waitForFunction(
            () => {
                const { store } = /** @type {any} */ (document.querySelector('convo-app'));
                return store.state.kept.includes('moved') && !store.state.opening;
            },
            { timeout: 90_000, polling: 100 },
        );
    });

    await t.test('without the host it opens from here', async () => {
        await close();
        await page.reload();
        await engineReady(page);
        await says(page, hook('classes'), /class 340/, 90_000);
    });

    await t.test('removed', async () => {
        await page.keyboard.press('l');
        for (const id of ['good', 'moved']) {
            await click(page, `${row(id)} ${hook('library-remove')}`);
            await seen(page, `${row(id)} ${hook('library-fetch')}`);
        }
        assert.deepEqual(await stored(page), []);
        await click(page, `${row('good')} ${hook('library-fetch')}`);
        await says(page, hook('library-error'), /could not be fetched.*connection failed/s);
    });
});

test('what is damaged, short or gone is not kept, and one sentence says so', { skip: noData }, async (t) => {
    const { page } = await openLibrary(t, { expectedErrors: /404/ });
    const cases = /** @type {[string, RegExp][]} */ ([
        ['damaged', /“Network damaged” is not the file that the library knows \(its SHA-256 differs\)/],
        ['short', /“Network short” broke off after 0.1 MB of 5.0 MB/],
        ['gone', /“Network gone” is not at 127.0.0.1:\d+ any more: it answered 404/],
    ]);
    for (const [id, sentence] of cases) {
        await t.test(id, async () => {
            await click(page, `${row(id)} ${hook('library-fetch')}`);
            await says(page, hook('library-error'), sentence);
            assert.deepEqual([await kept(page), await stored(page)], [[], []]);
        });
    }
});

test('fetching is cancelled, and leaves nothing', { skip: noData }, async (t) => {
    const { page } = await openLibrary(t);
    await click(page, `${row('slow')} ${hook('library-fetch')}`);
    await click(page, `${row('slow')} ${hook('library-cancel')}`);
    await seen(page, `${row('slow')} ${hook('library-fetch')}`);
    await new Promise((done) => setTimeout(done, 300));
    assert.deepEqual(await stored(page), []);
    await click(page, `${row('good')} ${hook('library-fetch')}`);
    await says(page, hook('classes'), /class 340/, 90_000);
});

test('the content security policy lets no other host in', { skip: noData }, async (t) => {
    const expectedErrors = /Content.Security.Policy|violates|NetworkError|blocked|connect-src/i;
    const { page, asked } = await openLibrary(t, { forbidden: true, expectedErrors });
    await click(page, `${row('good')} ${hook('library-fetch')}`);
    await says(page, hook('library-error'), /could not be fetched/);
    assert.equal(asked.total, 0, 'the host was reached');
});

test('offline, the library says so', { skip: noData }, async (t) => {
    const { page } = await openLibrary(t);
    await page.evaluate(() => {
        Object.defineProperty(navigator, 'onLine', { get: () => false });
        dispatchEvent(new Event('offline'));
    });
    await says(page, 'network-library', /when you are online again/);
    const disabled = await page.$eval(`${row('good')} ${hook('library-fetch')}`, (b) => /** @type {any} */ (b).disabled);
    assert.ok(disabled, 'what cannot be fetched is offered');
});

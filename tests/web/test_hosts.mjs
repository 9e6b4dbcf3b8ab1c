// @ts-check
/** Hosts without headers, browsers without SIMD, and no network at all. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SQUEEZENET, ZEBRA, engineReady, hook, noData, openSite, says } from './harness.mjs';

test('with the headers of isolation the engine has threads', async (t) => {
    const { page } = await openSite(t);
    const { isolated, threads, cores } = await page.evaluate(() => ({
        isolated: window.crossOriginIsolated,
        threads: /** @type {any} */ (window).convoscope.info.threads,
        cores: navigator.hardwareConcurrency,
    }));
    assert.equal(isolated, true);
    if (cores > 1) assert.ok(threads > 1, `${threads} thread on ${cores} cores`);
});

test('without isolation the page works on one thread', { skip: noData }, async (t) => {
    const { page } = await openSite(t, { isolated: false, model: SQUEEZENET, picture: ZEBRA });
    await says(page, hook('classes'), /zebra/i);
    const { isolated, threads } = await page.evaluate(() => ({
        isolated: window.crossOriginIsolated,
        threads: /** @type {any} */ (window).convoscope.info.threads,
    }));
    assert.equal(isolated, false);
    assert.equal(threads, 1);
});

test('the service worker isolates the page, and keeps it for use without a network', async (t) => {
    const { page, server } = await openSite(t, {
        isolated: false,
        serviceWorker: true,
        bundled: true,
        ready: false, // it loads itself again
        // What the server was started with is asked for again, and is not kept; pictures may be on their way when it ends.
        expectedErrors: /Image corrupt or truncated|ERR_FAILED|ERR_CONNECTION|NetworkError|Failed to load|net::|open\.json|sw\.js|files\.json/,
    });
    await page.waitForFunction(() => window.crossOriginIsolated, { timeout: 30_000, polling: 200 });
    await engineReady(page);
    const kept = () =>
        page.evaluate(async () => {
            const list = await (await fetch('files.json')).json();
            const cache = await caches.open('convoscope');
            const urls = (await cache.keys()).map((request) => request.url);
            return list.every((/** @type {string} */ name) => urls.includes(new URL(name, location.href).href));
        });
    const deadline = Date.now() + 30_000;
    while (!(await kept())) {
        assert.ok(Date.now() < deadline, 'the site is not in the cache after 30 s');
        await new Promise((done) => setTimeout(done, 300));
    }
    await server.close();
    await page.goto(server.url);
    await engineReady(page);
    assert.equal(await page.evaluate(() => window.crossOriginIsolated), true);
    await says(page, hook('classes'), /%/);
});

test('a browser without SIMD gets a sentence', async (t) => {
    const { page } = await openSite(t, {
        ready: false,
        before: () => {
            WebAssembly.validate = () => false;
        },
    });
    await says(page, hook('error'), /SIMD/);
});

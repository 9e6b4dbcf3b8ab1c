// @ts-check
/** Streams that become files, as pieces come and through memory that is used again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gather, gatherFile, readPieces, readSlices } from '../../web/gather.js';

const LENGTH = 40e6; // more than is held at a time, and than is worth no Blob
const CHUNK = 700_001;

const bytes = Uint8Array.from({ length: LENGTH }, (_, i) => (i * 31 + (i >> 12)) & 255);

/** @param {'bytes' | undefined} type @param {number} [length] @returns {ReadableStream<Uint8Array>} */
function streamOf(type, length = LENGTH) {
    let at = 0;
    return new ReadableStream(/** @type {any} */ ({
        type,
        /** @param {any} controller */
        pull(controller) {
            if (at < length) controller.enqueue(bytes.slice(at, Math.min(at + CHUNK, length)));
            at += CHUNK;
            if (at < length) return;
            controller.close();
            controller.byobRequest?.respond(0);
        },
    }));
}

for (const type of /** @type {const} */ (['bytes', undefined])) {
    const kind = type ? 'a stream of bytes' : 'a stream of pieces';

    test(`${kind} becomes the file that it was`, async () => {
        let [told, last] = [0, 0];
        const file = await gather(streamOf(type), (piece, got) => {
            told += piece.length;
            last = got;
        });
        assert.deepEqual([told, last], [LENGTH, LENGTH]);
        assert.ok(Buffer.from(await file.arrayBuffer()).equals(bytes));
    });

    test(`${kind} ends with what is thrown`, async () => {
        const fail = () => {
            throw new Error('too long');
        };
        await assert.rejects(gather(streamOf(type), fail), /too long/);
    });
}

test('pieces of a stream of bytes share their memory', async () => {
    let most = 0;
    for await (const piece of readPieces(streamOf('bytes'))) most = Math.max(most, piece.buffer.byteLength);
    assert.equal(most, 1 << 20);
});

test('a piece of any length is cut, and becomes the file that it was', async () => {
    const whole = () => new ReadableStream({
        start(controller) {
            controller.enqueue(bytes);
            controller.close();
        },
    });
    for await (const piece of readPieces(whole())) assert.ok(piece.length <= 1 << 20);
    assert.ok(Buffer.from(await (await gather(whole(), () => {})).arrayBuffer()).equals(bytes));
});

test('slices of a file are the file', async () => {
    const slices = [];
    for await (const slice of readSlices(new Blob([bytes]))) slices.push(slice);
    assert.ok(slices.length > 1 && Buffer.concat(slices).equals(bytes));
    for await (const slice of readSlices(new Blob([]))) assert.fail(`an empty file gave ${slice.length} bytes`);
});

test('a short answer is bytes, a long one or one of unknown length is a file', async () => {
    const answer = (/** @type {number} */ size, /** @type {boolean} */ said) =>
        new Response(bytes.subarray(0, size), { headers: said ? { 'content-length': String(size) } : {} });
    const short = await gatherFile(answer(1e6, true), () => {});
    assert.ok(short instanceof Uint8Array && Buffer.from(short).equals(bytes.subarray(0, 1e6)));
    for (const given of [answer(1e6, false), answer(LENGTH, true)]) assert.ok(await gatherFile(given, () => {}) instanceof Blob);
});

test('an answer is told of to its end, whatever kind of stream it is, and is as long as it is', async () => {
    for (const type of /** @type {const} */ (['bytes', undefined])) {
        for (const [promised, there] of [[3e6, 3e6], [3e6, 2e6], [2e6, 3e6]]) {
            const headers = new Headers({ 'content-length': String(promised) });
            let told = 0;
            const file = await gatherFile(/** @type {any} */ ({ headers, body: streamOf(type, there) }), (got) => (told = got));
            const length = Math.min(promised, there);
            assert.ok(file instanceof Uint8Array && Buffer.from(file).equals(bytes.subarray(0, length)), `${type}: ${there} of ${promised}`);
            assert.deepEqual([told, file.buffer.byteLength], [length, length]);
        }
    }
});

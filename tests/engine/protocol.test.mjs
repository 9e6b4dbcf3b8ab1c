// @ts-check
/** The messages between page and worker, over a real channel. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MessageChannel } from 'node:worker_threads';
import { Caller, answer } from '../../web/engine/protocol.js';

/** A caller whose calls are answered by these methods. @param {Record<string, (args: any) => any>} methods */
function connect(methods) {
    const { port1, port2 } = new MessageChannel();
    /** @param {any} port */
    const asPort = (port) => ({
        postMessage: (/** @type {any} */ message, /** @type {any[]} */ transfer) => port.postMessage(message, transfer),
        set onmessage(/** @type {any} */ listen) {
            port.on('message', (/** @type {any} */ data) => listen({ data }));
        },
    });
    answer(asPort(port2), methods);
    return { caller: new Caller(asPort(port1), assert.fail), close: () => port1.close() };
}

/** What a method is given, and what it gives: an array of its own. */
const twice = (/** @type {any} */ { data }) => ({ data: data.map((/** @type {number} */ value) => 2 * value) });

test('a tensor stays the caller\'s, whatever calls came before', async () => {
    const { caller, close } = connect({ twice });
    const tensors = [[1, 2, 3], [4, 5, 6], [7, 8], [9, 10, 11]].map((values) => Float32Array.from(values));
    for (const data of tensors) {
        const before = data.slice();
        const { data: doubled } = await caller.call('twice', { data }).reply;
        assert.deepEqual(doubled, before.map((value) => 2 * value));
        assert.deepEqual(data, before);
    }
    close();
});

test('calls at once, of one length and of two tensors, do not share memory', async () => {
    const { caller, close } = connect({ add: ({ a, b }) => ({ data: a.map((/** @type {number} */ value, /** @type {number} */ i) => value + b[i]) }) });
    await caller.call('add', { a: new Float32Array(2), b: new Float32Array(2) }).reply;
    const sums = [1, 2, 3].map((value) => {
        const a = Float32Array.of(value, value);
        const b = Float32Array.of(10, 20);
        return caller.call('add', { a, b }).reply;
    });
    assert.deepEqual((await Promise.all(sums)).map(({ data }) => [...data]), [[11, 21], [12, 22], [13, 23]]);
    close();
});

test('the memory of a tensor comes back and is used again, where the length is the same', async () => {
    const { caller, close } = connect({ twice });
    let copies = 0;
    /** @param {number} length */
    const tensor = (length) => Object.assign(new Float32Array(length), { slice: () => (copies++, new Float32Array(length)) });
    const counts = [];
    for (const length of [4, 4, 4, 5, 5]) {
        await caller.call('twice', { data: tensor(length) }).reply;
        counts.push(copies);
    }
    assert.deepEqual(counts, [1, 1, 1, 2, 2]);
    close();
});

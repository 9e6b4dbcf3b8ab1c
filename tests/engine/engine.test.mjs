// @ts-check
/** The protocol between page and worker, with a core that computes nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { Trap } from '../../web/engine/errors.js';
import { Convoscope, ConvoscopeError } from '../../web/engine/index.js';
import { Run } from '../../web/engine/run.js';
import { FakeCore, fakeWorkers } from './fake.mjs';

const picture = { width: 2, height: 1, data: new Uint8ClampedArray(8) };

/** @param {import('node:test').TestContext} t @param {any} [behaviour] of each core in turn, or of all */
async function open(t, behaviour = {}) {
    let made = 0;
    const workers = fakeWorkers(() => new FakeCore(Array.isArray(behaviour) ? behaviour[made++] : behaviour));
    const scope = await Convoscope.create({ base: 'http://localhost/wasm/', spawn: workers.spawn });
    t.after(() => scope.close());
    const model = await scope.open(new TextEncoder().encode('weights'), { name: 'net.onnx' });
    return { scope, model, workers };
}

/** @param {string} code */
const withCode = (code) => (/** @type {any} */ error) =>
    error instanceof ConvoscopeError && error.code === code && error.message.length > 10;

test('opens a network and describes it', async (t) => {
    const { scope, model } = await open(t);
    assert.equal(scope.techniques[0].id, 'count');
    assert.equal(scope.colormaps.grey.length, 768);
    assert.equal(model.name, 'net.onnx');
    await assert.rejects(scope.open(new TextEncoder().encode('bad')), withCode('bad-model'));
    assert.equal((await model.classify(picture, { top: 3 })).length, 3);
});

test('opens what can run of a network with unsupported operators', async (t) => {
    const { scope, model, workers } = await open(t);
    assert.deepEqual([model.unsupported, model.error], [[], null]);
    const partial = await scope.open(new TextEncoder().encode('lacks 2'));
    assert.match(String(partial.error), /LSTM/);
    assert.deepEqual(partial.unsupported.map(({ op, node, opset }) => [op, node, opset]), [['LSTM', 'l1', 17]]);
    assert.equal(partial.layers.length, 2);
    await partial.look(picture);
    await assert.rejects(scope.open(new TextEncoder().encode('lacks 0')), (error) =>
        withCode('unsupported')(error) && /alone/.test(/** @type {any} */ (error).unsupported[0].remedy));
    assert.equal(workers.cores[0].log.at(-1), 'close');
});

test('takes MODEL.json from the files beside a model', async (t) => {
    const { scope, workers } = await open(t);
    const json = new File(['{"size": [5, 6], "mean": "1,2,3", "labels": ["a", "b"]}'], 'other.json');
    const model = await scope.open(new File(['weights'], 'other.onnx'), { files: [json] });
    assert.equal(model.preprocessing.size, '5x6');
    assert.ok(workers.cores[0].log.includes('set labels=a\nb'));
    const broken = new File(['{'], 'other.json');
    await assert.rejects(scope.open(new File(['w'], 'other.onnx'), { files: [broken] }), withCode('bad-input'));
});

test('takes files of weights from those picked with a model, by name', async (t) => {
    const { scope, workers } = await open(t);
    const network = new File(['needs a.bin sub/b.bin'], 'big.onnx');
    const files = [new File(['bytes of b'], 'b.bin'), new File(['bytes of a'], 'a.bin')];
    await assert.rejects(scope.open(network), (error) => withCode('bad-input')(error) && /“a.bin”.*at once/.test(error.message));
    assert.equal(workers.cores[0].log.at(-1), 'close');
    await scope.open(network, { files });
    assert.deepEqual(workers.cores[0].log.slice(-4), ['attach a.bin', 'bytes of a', 'attach sub/b.bin', 'bytes of b']);
});

test('serves calls one after another, beside a run', async (t) => {
    const { model, workers } = await open(t);
    const run = model.run('count', { image: picture, steps: 4, odd: false });
    await Promise.all([model.look(picture), model.activation('a'), model.forward(new Float32Array(4)), model.activation('b')]);
    run.cancel();
    await run.result;
    const { log } = workers.cores[0];
    const calls = log.filter((/** @type {string} */ line) => !/^(run|open)/.test(line));
    assert.deepEqual(calls, ['look 2', 'scores', 'activation a', 'forward 4', 'activation b']);
    assert.ok(log.includes('run count {"steps":4,"odd":false} 1'));
});

test('gives a run its pictures in order, with their names and classes', async (t) => {
    const { model, workers } = await open(t, { steps: 2 });
    const large = { width: 40, height: 10, data: new Uint8ClampedArray(4 * 400) };
    const images = [{ image: large, name: 'b.png', group: 'cats' }, picture];
    await model.run('count', { image: picture, images }).result;
    const { width, height } = picture;
    assert.deepEqual(workers.cores[0].given, [
        { width, height, name: undefined, group: undefined },
        { width: 40, height: 10, name: 'b.png', group: 'cats' },
        { width, height, name: undefined, group: undefined },
    ]);
});

test('a run hands out partial results, then its result', async (t) => {
    const { model } = await open(t, { steps: 100 });
    /** @type {any[]} */
    const progress = [];
    const run = model.run('count', {}, { onProgress: (p) => progress.push(p) });
    const seen = [];
    for await (const partial of run) {
        assert.equal(partial.partial, true);
        seen.push(partial.items[0].data[0]);
    }
    const result = await run.result;
    assert.equal(result.partial, false);
    assert.equal(result.items[0].data[0], 100);
    assert.ok(seen.length >= 2 && seen.length <= 50, `${seen.length} partial results`);
    assert.deepEqual(seen, [...new Set(seen)].sort((a, b) => a - b));
    assert.ok(progress.length >= 2 && progress.every((p) => p.done > 0 && p.done < 1 && p.remaining > 0));
});

test('partial results wait for the page', async (t) => {
    const { model, workers } = await open(t, { steps: 160 });
    await model.run('count').result;
    const partials = () => workers.messages.filter((m) => m.type === 'partial').length;
    assert.equal(partials(), 1, 'nobody took the first');
    const run = model.run('count');
    const start = performance.now();
    let used = 0;
    for await (const _ of run) {
        used++;
        await wait(250);
    }
    assert.ok(used >= 2);
    const most = Math.ceil((performance.now() - start) / 250) + 1;
    assert.ok(partials() - 1 <= most, `${partials() - 1} were sent, ${used} used`);
});

test('cancel hands back what there is, soon', async (t) => {
    const { model, workers } = await open(t);
    const controller = new AbortController();
    const run = model.run('count', {}, { signal: controller.signal });
    await wait(150);
    const start = performance.now();
    controller.abort();
    const result = await run.result;
    assert.ok(performance.now() - start < 200);
    assert.equal(result.partial, true);
    assert.ok(result.items[0].data[0] > 1);
    assert.equal(workers.cores[0].runs.size, 0);
});

test('cancel with nothing to show is an error of its own', async (t) => {
    const { model } = await open(t, { silent: true });
    const controller = new AbortController();
    const run = model.run('count', {}, { signal: controller.signal });
    setTimeout(() => controller.abort(), 30);
    await assert.rejects((async () => { for await (const _ of run); })(), withCode('cancelled'));
    await assert.rejects(run.result, withCode('cancelled'));
    await assert.rejects(model.run('count', {}, { signal: AbortSignal.abort() }).result, withCode('cancelled'));
});

test('what needs another pass is asked for again after it', async (t) => {
    const { model, workers } = await open(t);
    await model.look(picture);
    assert.deepEqual(await model.thumbnails(), []);
    assert.deepEqual(await model.thumbnails(), []);
    assert.deepEqual(workers.cores[0].log.slice(1), ['look 2', 'scores', 'thumbnails', 'look again', 'thumbnails', 'thumbnails']);
});

test('a trap rejects what is pending; the next call finds everything as it was', async (t) => {
    const { model, workers } = await open(t, [{ trapAt: 20 }, {}]);
    await model.setPreprocessing({ mean: [1, 2] });
    await model.look(picture);
    const run = model.run('count');
    const pending = model.gradient(new Float32Array(4), { target: 'trap' });
    await assert.rejects(pending, withCode('crashed'));
    await assert.rejects(run.result, withCode('crashed'));
    const activation = await model.activation('a');
    assert.equal(activation.name, 'look 2');
    assert.equal(workers.cores.length, 2);
    assert.deepEqual(workers.cores[1].log.slice(0, 4), ['open weights', 'set mean=1,2', 'look 2', 'scores']);
});

test('a trap within a run does the same', async (t) => {
    const { model, workers } = await open(t, [{ trapAt: 3 }, { steps: 3 }]);
    await assert.rejects(model.run('count').result, withCode('crashed'));
    assert.equal((await model.run('count').result).partial, false);
    assert.equal(workers.cores.length, 2);
});

test('preprocessing is set as a whole or not at all', async (t) => {
    const { model, workers } = await open(t);
    await assert.rejects(model.setPreprocessing({ size: '9x9', mean: 'wrong' }), withCode('bad-input'));
    assert.equal(workers.cores[0].models.get(1).preprocessing.size, '8x8');
    assert.equal(model.preprocessing.size, '8x8');
});

test('closing a network ends its runs, closing the scope everything', async (t) => {
    const { scope, model, workers } = await open(t);
    const run = model.run('count');
    await wait(50);
    await model.close();
    assert.equal((await run.result).partial, true);
    assert.equal(workers.cores[0].models.size, 0);
    await assert.rejects(model.look(picture), withCode('closed'));
    const other = await scope.open(new Blob(['weights']));
    const pending = other.run('count').result;
    await wait(20);
    scope.close();
    await assert.rejects(pending, withCode('closed'));
    await assert.rejects(scope.open(new Blob(['weights'])), withCode('closed'));
});

test('an idle core that has grown is replaced after a network was closed', async (t) => {
    const { scope, model, workers } = await open(t);
    const other = await scope.open(new Blob(['second']));
    await other.look(picture);
    workers.cores[0].memory = 3e9;
    await model.close();
    await wait(2200);
    assert.equal((await other.activation('a')).name, 'look 2');
    assert.equal(workers.cores.length, 2);
});

/** Makes this process look like an isolated page on four processors. @param {import('node:test').TestContext} t */
function fourProcessors(t) {
    const globals = /** @type {any} */ (globalThis);
    globals.crossOriginIsolated = true;
    const before = Object.getOwnPropertyDescriptor(globals, 'navigator');
    Object.defineProperty(globals, 'navigator', { value: { hardwareConcurrency: 4 }, configurable: true });
    t.after(() => {
        delete globals.crossOriginIsolated;
        if (before) Object.defineProperty(globals, 'navigator', before);
        else delete globals.navigator;
    });
}

test('falls back to one thread where threads do not start', async (t) => {
    fourProcessors(t);
    /** @type {number[]} */
    const asked = [];
    const { spawn } = fakeWorkers(({ threads }) => {
        asked.push(threads);
        if (threads > 1) throw new ConvoscopeError('threads', 'A thread did not start in time.');
        return new FakeCore();
    });
    const scope = await Convoscope.create({ base: 'http://localhost/wasm/', spawn });
    t.after(() => scope.close());
    assert.deepEqual(asked, [4, 1]);
    assert.equal(scope.info.threads, 1);
});

test('starts again, then on one thread, where a worker hangs while it makes its threads', async (t) => {
    fourProcessors(t);
    for (const [hanging, expected] of [[1, [4, 4]], [2, [4, 4, 1]]]) {
        /** @type {number[]} */
        const asked = [];
        const { spawn } = fakeWorkers(({ threads }) => {
            asked.push(threads);
            return asked.length <= Number(hanging) ? new Promise(() => {}) : new FakeCore();
        });
        const scope = await Convoscope.create({ base: 'http://localhost/wasm/', spawn, patience: 30 });
        t.after(() => scope.close());
        assert.deepEqual(asked, expected);
    }
});

test('waits as long as it takes for a module to come, and not for a worker that hangs after that', async (t) => {
    fourProcessors(t);
    let starts = 0;
    const { spawn } = fakeWorkers(async ({ threads }, watch) => {
        watch(false);
        await new Promise((come) => setTimeout(come, 120));
        watch(true);
        if (++starts === 1) await new Promise(() => {});
        return Object.assign(new FakeCore(), { threads });
    });
    const scope = await Convoscope.create({ base: 'http://localhost/wasm/', spawn, patience: 30 });
    t.after(() => scope.close());
    assert.equal(starts, 2);
    assert.equal(scope.info.threads, 4);
});

test('a quick start leaves threads and tables for later', async (t) => {
    const core = new FakeCore();
    const { spawn } = fakeWorkers(() => core);
    const scope = await Convoscope.create({ base: 'http://localhost/wasm/', quick: true, spawn });
    t.after(() => scope.close());
    assert.deepEqual([scope.techniques, scope.colormaps], [[], {}]);
    const model = await scope.open(new TextEncoder().encode('weights'));
    await model.look(picture);
    assert.ok(!core.log.includes('threads'));
    await Promise.all([scope.complete(), model.look(picture)]);
    assert.deepEqual(scope.techniques, [{ id: 'count' }]);
    assert.ok(scope.colormaps.grey);
    assert.ok(core.log.indexOf('threads') < core.log.lastIndexOf('scores'), 'a call did not wait for the threads');
    await scope.complete();
    assert.equal(core.log.filter((/** @type {string} */ line) => line === 'threads').length, 1);
});

test('a worker that hangs while it makes threads later is replaced, with what was opened', async (t) => {
    fourProcessors(t);
    /** @type {FakeCore[]} */
    const cores = [];
    const { spawn } = fakeWorkers(({ threads, quick }) => {
        const core = Object.assign(new FakeCore(), { threads });
        if (quick) core.makeThreads = () => new Promise(() => {});
        cores.push(core);
        return core;
    });
    const scope = await Convoscope.create({ base: 'http://localhost/wasm/', quick: true, spawn, patience: 30 });
    t.after(() => scope.close());
    const model = await scope.open(new TextEncoder().encode('weights'));
    await model.look(picture);
    const completed = scope.complete();
    const { name } = await model.activation('layer');
    await completed;
    assert.equal(name, 'look 2');
    assert.deepEqual(scope.techniques, [{ id: 'count' }]);
    assert.equal(cores.length, 2);
    assert.ok(cores[1].log.includes('look 2'));
});

test('a worker that crashes while it makes threads later is replaced too', async (t) => {
    let starts = 0;
    const { spawn } = fakeWorkers(({ quick }) => {
        starts++;
        const core = new FakeCore();
        if (quick) core.makeThreads = async () => { throw new Trap(new Error('unreachable')); };
        return core;
    });
    const scope = await Convoscope.create({ base: 'http://localhost/wasm/', quick: true, spawn });
    t.after(() => scope.close());
    const model = await scope.open(new TextEncoder().encode('weights'));
    await Promise.all([scope.complete(), model.look(picture)]);
    assert.deepEqual([scope.techniques, starts], [[{ id: 'count' }], 2]);
});

test('a core that cannot start says so, and a browser without vectors too', async () => {
    const { spawn } = fakeWorkers(() => { throw new ConvoscopeError('start', 'The core could not be loaded from there.'); });
    await assert.rejects(Convoscope.create({ base: 'http://localhost/wasm/', spawn }), withCode('start'));
    const { validate } = WebAssembly;
    WebAssembly.validate = () => false;
    try {
        await assert.rejects(Convoscope.create({ base: 'http://localhost/wasm/', spawn }), withCode('unsupported-browser'));
    } finally {
        WebAssembly.validate = validate;
    }
});

test('cancel does not wait for a layer that takes long', async () => {
    /** @type {any} */
    let hooks;
    let cancelled = 0;
    const begin = async (/** @type {any} */ given) => {
        hooks = given;
        return { reply: new Promise(() => {}), cancel: () => cancelled++, taken: () => {} };
    };
    const run = new Run(begin, {});
    await wait(1);
    hooks.onPartial({ items: ['the last'], facts: [], partial: true, seconds: 1 });
    const start = performance.now();
    run.cancel();
    const result = await run.result;
    assert.ok(performance.now() - start < 200);
    assert.deepEqual([cancelled, result.partial, result.items], [1, true, ['the last']]);
    const blank = new Run(begin, {});
    setTimeout(() => blank.cancel(), 1);
    await assert.rejects(blank.result, withCode('cancelled'));
});

test('t-SNE heeds a signal, also one that was given before', async (t) => {
    const { scope, workers } = await open(t);
    const given = AbortSignal.abort();
    const points = new Float32Array(4);
    await assert.rejects(scope.tsne(points, { dims: 2 }, { signal: given }), withCode('cancelled'));
    const later = new AbortController();
    setTimeout(() => later.abort(), 20);
    await assert.rejects(scope.tsne(points, { dims: 2 }, { signal: later.signal }), withCode('cancelled'));
    assert.deepEqual(workers.cores[0].log.slice(-2), ['tsne closed', 'tsne closed']);
});

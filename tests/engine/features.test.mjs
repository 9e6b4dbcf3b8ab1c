// @ts-check
/** Features of pictures that outlive the core, in a file system of the test. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';

import { FeatureFiles, sumOfFiles } from '../../web/engine/feature-files.js';
import { FeatureKeeper } from '../../web/engine/feature-keeper.js';
import { Convoscope } from '../../web/engine/index.js';
import { FakeCore, fakeWorkers } from './fake.mjs';
import { FakeFolder } from './opfs.mjs';

/** Records of so many pictures, three words and two numbers each. @param {number} count */
const records = (count) => Uint32Array.from({ length: count * 5 }, (_, i) => (i * 2654435761) >>> 0);

const NAME = 'pool/5 mean {"size":"8x8"}';
/** @param {number} count @param {object} [other] */
const table = (count, other = {}) => ({ name: NAME, core: '1 plain', count, words: 5, data: records(count), ...other });

/** @param {FakeFolder} root @param {number} [most] */
const filesIn = (root, most) => new FeatureFiles(async () => /** @type {any} */ (root), most);

/** @param {FakeFolder} root @param {string} network @returns {FakeFolder} */
const folderOf = (root, network) => root.inside.get('features').inside.get(network);

/** The one table of a network. @param {FakeFolder} root @param {string} network */
function fileOf(root, network) {
    const names = [...folderOf(root, network).inside.keys()].filter((name) => name !== 'used');
    assert.equal(names.length, 1);
    assert.match(names[0], /^[0-9a-f]{64}$/);
    return folderOf(root, network).inside.get(names[0]);
}

test('a table is read as it was written, and replaced by the next of its name', async () => {
    const root = new FakeFolder();
    const files = filesIn(root);
    assert.equal(await files.read('a', table(0)), null);
    assert.deepEqual(await files.size(), { bytes: 0, networks: 0 });
    assert.equal(root.inside.size, 0, 'asking makes nothing');
    for (const count of [7, 3, 0]) {
        assert.equal(await files.write('a', table(count)), true);
        assert.deepEqual(await files.read('a', table(0)), table(count));
        fileOf(root, 'a');
    }
    assert.equal(await files.read('b', table(0)), null);
    assert.equal(await files.read('a', table(0, { name: 'another' })), null);
    const { bytes, networks } = await files.size();
    assert.ok(bytes > 100 && networks === 1);
    await files.clear();
    assert.equal(root.inside.size, 0);
    assert.equal(await files.read('a', table(0)), null);
});

test('what is damaged, cut short or of another core is not read, and removed', async () => {
    const root = new FakeFolder();
    const files = filesIn(root);
    await files.write('a', table(7));
    const whole = fileOf(root, 'a').bytes;
    const damages = [
        ...[0, 31, 32, 40, 120, whole.length - 1].map((at) => whole.map((byte, i) => (i === at ? byte ^ 4 : byte))),
        ...[0, 20, 36, 100, whole.length - 4].map((length) => whole.slice(0, length)),
        Uint8Array.of(...whole, 0, 0, 0, 0),
    ];
    for (const bytes of damages) {
        await files.write('a', table(7));
        fileOf(root, 'a').bytes = bytes;
        assert.equal(await files.read('a', table(0)), null);
        assert.deepEqual([...folderOf(root, 'a').inside.keys()], ['used']);
        assert.deepEqual(await files.size(), { bytes: 0, networks: 0 });
    }
    await files.write('a', table(7));
    assert.equal(await files.read('a', table(0, { core: '2 plain' })), null);
    assert.deepEqual([...folderOf(root, 'a').inside.keys()], ['used']);
});

test('there is a bound: the network that was not used for longest goes first', async () => {
    const root = new FakeFolder();
    const files = filesIn(root, 4000);
    for (const network of ['a', 'b', 'c']) {
        await files.write(network, table(50));
        await wait(3);
    }
    await files.read('a', table(0));
    await wait(3);
    await files.write('d', table(50));
    assert.deepEqual([...root.inside.get('features').inside.keys()].sort(), ['a', 'c', 'd']);
    await files.write('d', table(150));
    assert.deepEqual([...root.inside.get('features').inside.keys()], ['d']);
    assert.equal((await files.read('d', table(0)))?.count, 150);
    assert.equal(await files.write('d', table(900)), false);
    assert.equal((await files.read('d', table(0)))?.count, 150);
    await files.write('d', table(120, { name: 'another' }));
    assert.equal(await files.read('d', table(0)), null);
    assert.ok((await files.size()).bytes <= 4000);
});

test('where there is no file system, or it is full, or a move fails, nothing happens', async () => {
    const none = new FeatureFiles(() => Promise.reject(new Error('SecurityError')));
    assert.equal(await none.write('a', table(7)), false);
    assert.equal(await none.read('a', table(0)), null);
    assert.deepEqual(await none.size(), { bytes: 0, networks: 0 });
    await none.clear();
    const missing = new FeatureFiles(() => /** @type {any} */ (undefined));
    assert.equal(await missing.write('a', table(7)), false);

    for (const fault of [{ room: 150, breaks: false }, { room: Infinity, breaks: true }]) {
        const disk = { room: Infinity, breaks: false };
        const root = new FakeFolder(disk);
        const files = filesIn(root);
        await files.write('a', table(7));
        Object.assign(disk, fault);
        assert.equal(await files.write('a', table(90)), false);
        assert.deepEqual(await files.read('a', table(0)), table(7));
        fileOf(root, 'a');
    }
});

test('a network is told from others by all of its files', async () => {
    const blob = (/** @type {string} */ text) => new Blob([text]);
    const sums = await Promise.all([
        [blob('weights')], [blob('weighty')], [blob('weights'), blob('more')], [blob('weightsmore')],
        [blob('weights'), blob('')], [blob('')], [new Blob([new Uint8Array(9 << 20)])], [new Blob([new Uint8Array(10 << 20)])],
    ].map(sumOfFiles));
    assert.equal(new Set(sums).size, sums.length);
    assert.equal(await sumOfFiles([blob('weights')]), sums[0]);
    assert.equal(await sumOfFiles([new TextEncoder().encode('weights')]), sums[0]);
});

/** A core with tables and nothing else. */
class Tables {
    version = '1';
    kind = 'simd';
    /** @type {any[]} */
    tables = [];
    /** @type {number[]} */
    added = [];

    /** @param {string} name @param {number} count */
    has(name, count) {
        const others = this.tables.filter((t) => t.name !== name);
        this.tables = [{ name, count, words: 5, copy: () => records(count) }, ...others].slice(0, 2);
    }
    features() { return this.tables; }
    featuresAdd(_, { name, count }) { this.added.push(count); this.has(name, count); }
}

/** @param {FakeFolder} root @param {string} [weights] */
function keeperOn(root, weights = 'weights') {
    const core = new Tables();
    const keeper = new FeatureKeeper(/** @type {any} */ (core), filesIn(root));
    keeper.opened(1, [new Blob([weights])]);
    return { core, keeper };
}

test('what runs leave is there in the next core, for the same network alone', async () => {
    const root = new FakeFolder();
    const { core, keeper } = keeperOn(root);
    core.has('x', 0);
    await keeper.restore(1);
    core.has('x', 300);
    keeper.keep(1);
    const { bytes } = await keeper.size();
    assert.ok(bytes > 300 * 20);

    const next = keeperOn(root);
    await next.keeper.restore(1);
    assert.deepEqual(next.core.added, [], 'a table that nobody asks for is not read');
    next.core.has('x', 0);
    await next.keeper.restore(1);
    await next.keeper.restore(1);
    assert.deepEqual(next.core.added, [300]);

    const other = keeperOn(root, 'others');
    other.core.has('x', 0);
    await other.keeper.restore(1);
    assert.deepEqual(other.core.added, []);

    const fused = keeperOn(root);
    fused.keeper.key = '1 fused';
    fused.core.has('x', 0);
    await fused.keeper.restore(1);
    assert.deepEqual(fused.core.added, []);
});

test('a table is written when it has grown by what is worth it, and read again when the core has dropped it', async () => {
    const root = new FakeFolder();
    const { core, keeper } = keeperOn(root);
    let writes = 0;
    const { write } = FeatureFiles.prototype;
    /** @param {number} count */
    const kept = async (count) => {
        core.has('x', count);
        keeper.keep(1);
        await keeper.size();
        return writes;
    };
    FeatureFiles.prototype.write = function (...args) { writes++; return write.apply(this, args); };
    try {
        assert.deepEqual([await kept(1000), await kept(1000), await kept(1010), await kept(1016)], [1, 1, 1, 2]);
        assert.equal(await kept(10), 3); /* the core forgot the others */
    } finally {
        FeatureFiles.prototype.write = write;
    }
    core.tables = [];
    await keeper.restore(1);
    core.has('x', 0);
    await keeper.restore(1);
    assert.deepEqual(core.added, [10]);
    await keeper.clear();
    assert.deepEqual(await keeper.size(), { bytes: 0, networks: 0 });
    keeper.keep(1);
    assert.equal((await keeper.size()).networks, 1, 'the next run keeps its features again');
});

test('a session keeps features with its runs, and says how much', async (t) => {
    const root = new FakeFolder();
    for (const expected of [0, 40]) {
        let filled = -1;
        const tables = new Tables();
        const core = Object.assign(new FakeCore({ steps: 2 }), {
            features: () => tables.features(),
            featuresAdd: (model, given) => tables.featuresAdd(model, given),
            runBegin: () => tables.has('x', 0),
            runAdvance: () => {
                filled = tables.tables[0].count;
                tables.has('x', 40);
                return true;
            },
        });
        const { spawn } = fakeWorkers(() => core, filesIn(root));
        const scope = await Convoscope.create({ base: 'http://localhost/wasm/', spawn });
        t.after(() => scope.close());
        const model = await scope.open(new TextEncoder().encode('weights'), { name: 'net.onnx' });
        await model.run('count').result;
        assert.equal(filled, expected);
        const { bytes, networks } = await scope.keptFeatures();
        assert.ok(bytes > 800 && networks === 1);
        if (!expected) continue;
        await scope.removeFeatures();
        assert.deepEqual(await scope.keptFeatures(), { bytes: 0, networks: 0 });
    }
});

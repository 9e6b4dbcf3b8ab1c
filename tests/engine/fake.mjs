// @ts-check
/** A core that computes nothing, with the interface of web/engine/core.js, in a worker that is a channel. */
import { MessageChannel } from 'node:worker_threads';

import { ConvoscopeError, Trap } from '../../web/engine/errors.js';
import { answer } from '../../web/engine/protocol.js';
import { makeSession } from '../../web/engine/session.js';

export class FakeCore {
    threads = 1;
    version = 'fake';
    kind = 'simd';
    memory = 1000;
    /** @type {string[]} */
    log = [];
    #handles = 0;
    /** @type {Map<number, any>} */
    models = new Map();
    /** @type {Map<number, any>} */
    runs = new Map();

    /** @param {{steps?: number, trapAt?: number, stepMs?: number, silent?: boolean}} [behaviour] of runs */
    constructor(behaviour = {}) {
        this.behaviour = { steps: 1e9, trapAt: Infinity, stepMs: 5, silent: false, ...behaviour };
    }

    async makeThreads() { this.log.push('threads'); }
    techniques() { return [{ id: 'count' }]; }
    colormaps() { return { grey: new Uint8Array(768) }; }

    async open(name, file, onProgress) {
        const text = await new Blob([file]).text();
        onProgress(1);
        if (text === 'bad') throw new ConvoscopeError('bad-model', `“${name}” is no network`);
        const handle = ++this.#handles;
        this.models.set(handle, { name, text, preprocessing: { size: '8x8', mean: '0' }, passes: 0, seen: null });
        this.log.push(`open ${text}`);
        return handle;
    }
    /** A network whose text is `needs NAME...` lacks those files. */
    missing(model) {
        const [word, ...names] = this.models.get(model).text.split(' ');
        return word === 'needs' ? names.find((name) => !this.log.includes(`attach ${name}`)) ?? null : null;
    }
    async attach(model, location, blob) { this.log.push(`attach ${location}`, await blob.text()); }
    close(model) { this.models.delete(model); this.log.push('close'); }
    set(model, key, value) {
        if (value === 'wrong') throw new ConvoscopeError('bad-input', `${key} is wrong`);
        this.models.get(model).preprocessing[key] = value;
        this.log.push(`set ${key}=${value}`);
    }
    describe(model) {
        const { name, text, preprocessing } = this.models.get(model);
        const [word, layers] = text.split(' ');
        if (word === 'lacks') return { ...lacking(Number(layers)), name, labels: [], preprocessing: { ...preprocessing } };
        return { name, layers: [], labels: [], preprocessing: { ...preprocessing } };
    }
    lookPicture(model, picture) { this.#pass(model, `look ${picture.width}`); }
    lookTensor(model, data) { this.#pass(model, `forward ${data.length}`); }
    gradient(model, data, { target }) {
        if (target === 'trap') throw new Trap(new Error('unreachable'));
        this.#pass(model, `gradient ${target}`);
    }
    #pass(model, what) {
        this.log.push(what);
        const m = this.models.get(model);
        m.passes = 3;
        m.seen = what;
    }
    advance(model) { return --this.models.get(model).passes <= 0; }
    scores(model, top) {
        this.log.push('scores');
        return { classes: Array.from({ length: top }, (_, index) => ({ index })), input: { data: new Float32Array(3) } };
    }
    output() { return { shape: [2], data: Float32Array.of(1, 2) }; }
    gradientResult() { return { shape: [1], data: Float32Array.of(3) }; }
    activation(model, layer) {
        const { seen } = this.models.get(model);
        if (!seen) throw new ConvoscopeError('bad-input', 'nothing was looked at yet');
        this.log.push(`activation ${layer}`);
        return { name: seen, shape: [1], data: new Float32Array(1) };
    }
    /** The first time a pass that keeps what layers gave comes before. */
    thumbnails(model) {
        const m = this.models.get(model);
        this.log.push('thumbnails');
        if (m.whole) return [];
        m.whole = true;
        this.#pass(model, 'look again');
        return null;
    }
    weights() { return null; }

    runCreate(model, technique, params) {
        const handle = ++this.#handles;
        this.runs.set(handle, { model, step: 0, pictures: [], what: `run ${technique} ${JSON.stringify(params)}` });
        return handle;
    }
    runPicture(run, index, { width, height }, { name, group }) {
        this.runs.get(run).pictures[index] = { width, height, name, group };
    }
    runBegin(run) {
        const { what, pictures } = this.runs.get(run);
        this.given = pictures;
        this.log.push(`${what} ${pictures.length}`);
    }
    runAdvance(run) {
        const state = this.runs.get(run);
        const until = performance.now() + this.behaviour.stepMs;
        while (performance.now() < until);
        if (++state.step === this.behaviour.trapAt) throw new Trap(new Error('unreachable'));
        return state.step >= this.behaviour.steps;
    }
    runProgress(run) { return this.runs.get(run).step / this.behaviour.steps; }
    runVersion(run) { return this.behaviour.silent ? 0 : this.runs.get(run).step; }
    runResult(run) {
        if (this.behaviour.silent) throw new ConvoscopeError('bad-input', 'there is nothing to show yet');
        const { step } = this.runs.get(run);
        return { items: [{ name: 'count', data: Float32Array.of(step), shape: [1] }], facts: [] };
    }
    features() { return []; }
    runClose(run) { this.runs.delete(run); this.log.push('run closed'); }

    tsneCreate() { return ++this.#handles; }
    tsneAdvance() { return --this.behaviour.steps <= 0; }
    tsneProgress() { return 0; }
    tsnePoints() { return { shape: [1, 2], data: new Float32Array(2) }; }
    tsneClose() { this.log.push('tsne closed'); }
}

/** A network whose text is `lacks N` has an operator that is not supported after N layers. @param {number} layers */
const lacking = (layers) => ({
    error: "node 'l1' needs the operator LSTM (opset 17), which is not supported",
    unsupported: [{ op: 'LSTM', node: 'l1', domain: '', opset: 17, remedy: 'export the convolutional part alone' }],
    ...(layers ? { layers: Array.from({ length: layers }, (_, i) => ({ name: `c${i}` })) } : {}),
});

/**
 * Makes workers for Convoscope.create({spawn}). Each has a core of its own, made by makeCore.
 * @param {(options: any, watch: (watched: boolean) => void) => any} makeCore
 * @param {import('../../web/engine/feature-files.js').FeatureFiles} [files]
 */
export function fakeWorkers(makeCore, files) {
    /** @type {any[]} */
    const cores = [];
    let messages = /** @type {any[]} */ ([]);
    const spawn = () => {
        const { port1, port2 } = new MessageChannel();
        let ended = false;
        answer(/** @type {any} */ ({
            postMessage: (message, transfer) => { messages.push(message); port2.postMessage(message, transfer); },
            set onmessage(listener) { port2.on('message', (data) => listener({ data })); },
        }), makeSession(async (options, watch) => {
            watch(true);
            const core = await makeCore(options, watch);
            cores.push(core);
            return core;
        }, () => new Promise((resolve) => ended || setImmediate(resolve)), files));
        return /** @type {any} */ ({
            postMessage: (message, transfer) => port1.postMessage(message, transfer),
            set onmessage(listener) { port1.on('message', (data) => listener({ data })); },
            /** Like a real worker, it stops in the middle of what it does. */
            terminate() { ended = true; port1.close(); port2.close(); },
        });
    };
    return { spawn, cores, get messages() { return messages; } };
}

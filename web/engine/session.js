// @ts-check
/**
 * What the worker does with calls. Calls about networks are served one after another; runs of techniques go on
 * beside them. All work is cut into slices, and between two slices the worker listens, so that a Cancel is
 * heard within one slice.
 */
import { ConvoscopeError, Trap } from './errors.js';
import { FeatureFiles } from './feature-files.js';
import { FeatureKeeper } from './feature-keeper.js';
import { decode } from './image.js';
import { Sets } from './sets.js';

/** Seconds of work between two looks at the messages: of a run, and of a look, which somebody waits for. */
const RUN_SLICE = 0.03;
const LOOK_SLICE = 0.06;
/** Milliseconds between two reports of a run. */
const REPORT_MS = 100;

/**
 * @typedef {import('./core.js').Core} Core
 * @typedef {import('./protocol.js').Call} Call
 * @typedef {import('./image.js').Sent} Sent
 * @typedef {{model: number, call: Call, ended: Promise<void>}} ActiveRun
 */

/** Lets messages come in: a message to oneself stands behind those that wait, and is not slowed in hidden tabs. */
export function makeBreather() {
    const { port1, port2 } = new MessageChannel();
    /** @type {(() => void)[]} */
    const waiting = [];
    port1.onmessage = () => waiting.shift()?.();
    return () => new Promise((/** @type {(value: void) => void} */ resolve) => {
        waiting.push(resolve);
        port2.postMessage(0);
    });
}

/**
 * The methods of the worker.
 * @param {(options: import('./core.js').StartOptions, watch: import('./core.js').Watch) => Promise<Core>} startCore
 * @param {() => Promise<void>} [breathe]
 * @param {FeatureFiles} [files]
 * @returns {Record<string, (args: any, call: Call) => any>}
 */
export function makeSession(startCore, breathe = makeBreather(), files = new FeatureFiles()) {
    /** @type {Core} */
    let core;
    /** @type {FeatureKeeper} */
    let features;
    /** @type {Set<ActiveRun>} */
    const runs = new Set();
    const sets = new Sets();
    /** @type {Promise<any>} */
    let last = Promise.resolve();

    /**
     * One after another.
     * @param {(args: any, call: Call) => any} method
     */
    const inTurn = (method) => (/** @type {any} */ args, /** @type {Call} */ call) => {
        const turn = last.then(() => method(args, call));
        last = turn.catch(() => {});
        return turn;
    };

    /** @param {number} model */
    async function pass(model) {
        while (!core.advance(model, LOOK_SLICE)) await breathe();
    }

    /** What a look gave; some of it needs another pass first. @template T @param {number} model @param {() => T | null} find */
    async function seen(model, find) {
        for (;;) {
            const found = find();
            if (found) return found;
            await pass(model);
        }
    }

    /** Ends the runs of a network that is about to change. @param {number} model */
    async function endRuns(model) {
        const mine = [...runs].filter((run) => run.model === model);
        for (const run of mine) run.call.cancelled = true;
        await Promise.all(mine.map((run) => run.ended));
    }

    /** @param {number} model @param {[string, string][]} settings */
    function apply(model, settings) {
        for (const [key, value] of settings) core.set(model, key, value);
        return core.describe(model);
    }

    /**
     * Files of weights are found among those that the user picked, by their name alone.
     * @param {number} model @param {import('./model.js').Beside[]} files @param {(done: number) => void} onProgress
     * @returns {Promise<Blob[]>} those that were taken
     */
    async function attach(model, files, onProgress) {
        const taken = [];
        for (let location = core.missing(model); location !== null; location = core.missing(model)) {
            const name = location.split('/').pop();
            const file = files.find((f) => f.name === name);
            if (!file) throw new ConvoscopeError('bad-input', lacking(String(name), files));
            await core.attach(model, location, file.blob, onProgress);
            taken.push(file.blob);
        }
        return taken;
    }

    /** @param {any} args @param {Call} call */
    async function open({ name, file, files = [], settings }, call) {
        const report = (/** @type {number} */ done) => call.progress({ done });
        const model = await core.open(name, file, report);
        try {
            features.opened(model, [file, ...(await attach(model, files, report))]);
            return { model, description: runnable(apply(model, settings)), memory: core.memory };
        } catch (error) {
            if (!(error instanceof Trap)) close(model);
            throw error;
        }
    }

    /** @param {number} model */
    function close(model) {
        features.closed(model);
        core.close(model);
    }

    /** A network of which not one layer can run is refused, with the list. @param {any} description */
    function runnable(description) {
        const { layers, error, unsupported } = description;
        if (error && !layers?.length) throw new ConvoscopeError('unsupported', error, unsupported);
        return description;
    }

    /** All of the settings, or none. @param {any} args */
    async function set({ model, settings }) {
        await endRuns(model);
        const before = core.describe(model).preprocessing;
        try {
            return apply(model, settings);
        } catch (error) {
            if (error instanceof Trap) throw error;
            for (const [key] of settings) if (typeof before[key] === 'string') core.set(model, key, before[key]);
            throw error;
        }
    }

    /** @param {any} args */
    async function look({ model, image, top }) {
        core.lookPicture(model, await decode(image));
        await pass(model);
        return seen(model, () => core.scores(model, top));
    }

    /** One after another: a set of thousands is never decoded whole. @param {number} run @param {Sent[]} images @param {Call} call */
    async function givePictures(run, images, call) {
        let count = 0;
        for (const { image, name, group, mostPixels, set } of images) {
            const pictures = set === undefined ? [{ pixels: await decode(image, mostPixels), name, group }] : sets.pictures(set);
            for (const picture of pictures) {
                core.runPicture(run, count++, picture.pixels, picture);
                if (count % 100 === 0) await breathe();
                if (call.cancelled) throw nothingYet();
            }
        }
    }

    /** @param {number} model @param {string} technique @param {any} params @param {Sent[]} images @param {Call} call */
    async function work(model, technique, params, images, call) {
        const start = performance.now();
        const run = core.runCreate(model, technique, params);
        try {
            await givePictures(run, images, call);
            core.runBegin(run);
            await features.restore(model);
            const report = makeReporter(core, run, call, start);
            let done = false;
            while (!done && !call.cancelled) {
                done = core.runAdvance(run, RUN_SLICE);
                if (!done) report();
                await breathe();
            }
            features.keep(model);
            return { ...resultOf(core, run, !done), partial: !done, seconds: since(start) };
        } finally {
            core.runClose(run);
        }
    }

    const tables = () => ({ techniques: core.techniques(), colormaps: core.colormaps() });

    return {
        async start(/** @type {any} */ options, /** @type {Call} */ call) {
            core = await startCore(options, (watched) => call.progress({ watched }));
            features = new FeatureKeeper(core, files);
            const { threads, version, kind } = core;
            return { threads, version, kind, ...(options.quick ? {} : tables()) };
        },
        /** What a quick start left for later. */
        complete: inTurn(async (/** @type {any} */ _, /** @type {Call} */ call) => {
            call.progress({ watched: true });
            await core.makeThreads();
            call.progress({ watched: false });
            return tables();
        }),
        open: inTurn(open),
        close: inTurn(async ({ model }) => {
            await endRuns(model);
            close(model);
            return { memory: core.memory };
        }),
        set: inTurn(set),
        look: inTurn(look),
        activation: inTurn(({ model, layer }) => seen(model, () => core.activation(model, layer))),
        thumbnails: inTurn(({ model }) => seen(model, () => core.thumbnails(model))),
        weights: inTurn(({ model, layer }) => core.weights(model, layer)),
        forward: inTurn(async ({ model, data, size }) => {
            core.lookTensor(model, data, size);
            await pass(model);
            return core.output(model);
        }),
        gradient: inTurn(async ({ model, data, options }) => {
            core.gradient(model, data, options);
            await pass(model);
            return core.gradientResult(model);
        }),
        profile: inTurn(({ model, options }) => core.profile(model, options)),
        async tsne({ data, options }, call) {
            const handle = core.tsneCreate(data, options);
            try {
                while (!core.tsneAdvance(handle, RUN_SLICE)) {
                    call.progress({ done: core.tsneProgress(handle) });
                    await breathe();
                    if (call.cancelled) throw nothingYet();
                }
                return core.tsnePoints(handle);
            } finally {
                core.tsneClose(handle);
            }
        },
        openSet: ({ files }, call) => sets.open(files, call),
        closeSet: ({ id }) => sets.forget(id),
        keptFeatures: () => features.size(),
        removeFeatures: () => features.clear(),
        async run({ model, technique, params, images }, call) {
            const working = work(model, technique, params, images, call);
            const active = { model, call, ended: working.then(() => {}, () => {}) };
            runs.add(active);
            try {
                return await working;
            } finally {
                runs.delete(active);
            }
        },
    };
}

const since = (/** @type {number} */ start) => (performance.now() - start) / 1000;

const nothingYet = () => new ConvoscopeError('cancelled', 'The run was cancelled before there was anything to show.');

/** @param {string} name @param {any[]} files */
const lacking = (name, files) => `The network keeps weights in the file “${name}”, which was `
    + (files.length ? `not among the ${files.length} picked with it` : 'not picked with it')
    + ': pick or drop both files at once.';

/** @param {Core} core @param {number} run @param {boolean} cancelled */
function resultOf(core, run, cancelled) {
    try {
        return core.runResult(run);
    } catch (error) {
        if (cancelled && error instanceof ConvoscopeError) throw nothingYet();
        throw error;
    }
}

/**
 * Tells the page how far a run is, at most ten times a second, and shows it a partial result when there is a
 * new one and the page has used the one before.
 * @param {Core} core @param {number} run @param {Call} call @param {number} start
 */
function makeReporter(core, run, call, start) {
    let told = -Infinity;
    let shown = core.runVersion(run);
    return () => {
        const now = performance.now();
        if (now - told < REPORT_MS) return;
        told = now;
        const done = core.runProgress(run);
        const seconds = since(start);
        call.progress({ done, seconds, remaining: done > 0 ? seconds / done - seconds : NaN });
        const version = core.runVersion(run);
        if (version === shown || !call.taken) return;
        try {
            const result = core.runResult(run);
            shown = version;
            call.partial({ ...result, partial: true, seconds });
        } catch (error) {
            /* A partial result that cannot be shown yet is none. */
            if (!(error instanceof ConvoscopeError)) throw error;
        }
    };
}

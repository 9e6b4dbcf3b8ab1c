// @ts-check
/** Running a technique: one at a time, restarted when one of its controls changes. */
import { sentence } from './actions.js';
import { changedOf, picturesOf, targetFault, targetText, valueOf, valuesOf } from './techniques.js';

/** How long a control has to rest before the run that it belongs to starts again, in milliseconds. */
const REST = 250;
/** Live previews and progress come at most this often, in milliseconds: the page stays quick while a run is on. */
const LIVE = 90;

export function runActions(store, engine) {
    let frames = 0;
    let runs = 0;
    let restart = 0;
    /** @type {AbortController | null} */
    let controller = null;

    const find = (id) => store.state.scope?.techniques.find((t) => t.id === id);

    function choose(id) {
        if (store.state.technique !== id) store.set({ technique: id, settings: {}, runError: '' });
        else store.set({ technique: '' });
    }

    const aimed = (technique) => technique.parameters.some((p) => p.type === 'target');

    function setParameter(name, value) {
        const technique = find(store.state.technique);
        const parameter = technique?.parameters.find((p) => p.name === name);
        if (!parameter) return;
        const settings = { ...store.state.settings, [name]: valueOf(parameter, { [name]: value }) };
        if (String(settings[name]) === String(parameter.default)) delete settings[name];
        store.set({ settings });
        settingsChanged();
    }

    /** A new target concerns a run that has one, and no other. */
    function targetChanged() {
        const technique = find(store.state.technique);
        if (technique && aimed(technique)) settingsChanged();
    }

    /** A result must never look newer than its settings: the run starts again. */
    function settingsChanged() {
        const running = store.state.running;
        if (!running || running.technique !== store.state.technique) return;
        clearTimeout(restart);
        restart = window.setTimeout(() => store.state.running && run(running.frame), REST);
    }

    /** What is missing before the chosen technique can run; '' when nothing is. */
    function missing() {
        const { network, specimen, second, technique: id, target } = store.state;
        const technique = find(id);
        if (!network) return 'Open a network first.';
        if (!technique) return 'Choose a technique.';
        if (technique.pictures > 0 && !specimen) return 'Open a picture first.';
        if (technique.pictures > 1 && !second) return 'Choose the second picture.';
        if (technique.pictures > 2) return `This needs ${technique.pictures} pictures.`;
        return aimed(technique) ? targetFault(target, network) : '';
    }

    function newFrame(technique, values) {
        const { network, target, look } = store.state;
        return {
            technique: technique.id,
            title: technique.title,
            values,
            target,
            aims: aimed(technique),
            targetText: targetText(target, network, look),
            changed: changedOf(technique, values),
            network: network.name,
            input: look?.input ?? null,
            pictures: picturesOf(technique, store.state).map((p) => p.name),
            result: null,
            busy: true,
            starred: false,
        };
    }

    /** @param {number} [reuse] the frame to draw into, when a run starts again */
    async function run(reuse = 0) {
        const reason = missing();
        if (reason) return void store.set({ runError: reason });
        const technique = find(store.state.technique);
        const values = valuesOf(technique, store.state);
        const mine = ++runs;
        controller?.abort();
        const mineController = (controller = new AbortController());
        const id = reuse || ++frames;
        const frame = { ...newFrame(technique, values), id };
        const others = store.state.frames.filter((f) => f.id !== id);
        store.set({
            runError: '',
            frames: [...others, frame],
            shown: id,
            item: 0,
            comparing: false,
            running: { technique: technique.id, frame: id, done: 0, remaining: NaN, seconds: 0 },
            ...(reuse ? {} : { zoom: { scale: 1, x: 0.5, y: 0.5 } }),
        });
        const update = throttled((result) => mine === runs && put(id, { result }));
        try {
            const job = engine.model.run(
                technique.id,
                {
                    images: picturesOf(technique, store.state).map((p) => ({
                        image: p.pixels,
                        name: p.name,
                    })),
                    ...values,
                },
                {
                    signal: mineController.signal,
                    onProgress: throttled((p) => {
                        if (mine === runs && store.state.running) {
                            store.set({ running: { ...store.state.running, ...p } });
                        }
                    }),
                },
            );
            const result = job.result;
            result.catch(() => {}); /* awaited below; until then it is no unhandled rejection */
            for await (const partial of job) {
                if (mine !== runs) return;
                update(partial);
            }
            const last = await result;
            if (mine !== runs) return;
            update.stop();
            put(id, { result: last, busy: false, input: store.state.look?.input ?? null });
        } catch (error) {
            if (mine !== runs) return;
            update.stop();
            const partial = store.state.frames.find((f) => f.id === id)?.result;
            if (partial) put(id, { result: { ...partial, partial: true }, busy: false });
            else removeFrame(id);
            if (/** @type {any} */ (error)?.code !== 'cancelled')
                store.set({ runError: sentence(error) });
        } finally {
            if (mine === runs) {
                store.set({ running: null });
                controller = null;
            }
        }
    }

    function cancel() {
        clearTimeout(restart);
        controller?.abort();
    }

    function put(id, patch) {
        store.set({
            frames: store.state.frames.map((f) => (f.id === id ? { ...f, ...patch } : f)),
        });
    }

    function removeFrame(id) {
        store.set({
            frames: store.state.frames.filter((f) => f.id !== id),
            picked: store.state.picked.filter((p) => p !== id),
            ...(store.state.shown === id ? { shown: 0 } : {}),
        });
    }

    /** Opens a technique aimed at a unit and runs it. */
    function runOn(id, target) {
        store.set({
            technique: id,
            settings: store.state.technique === id ? store.state.settings : {},
            target,
        });
        run();
    }

    return { choose, setParameter, settingsChanged, targetChanged, missing, run, cancel, runOn };
}

/** At most one call per LIVE milliseconds, at a moment when a frame is drawn (a hidden tab draws none). */
function throttled(call) {
    /** @type {{value: any} | null} */
    let waiting = null;
    let stopped = false;
    let last = 0;
    const flush = () => {
        const latest = waiting?.value;
        waiting = null;
        last = performance.now();
        if (!stopped) call(latest);
    };
    const limited = (value) => {
        const idle = waiting === null;
        waiting = { value };
        if (!idle) return;
        const rest = Math.max(0, last + LIVE - performance.now());
        setTimeout(() => (document.hidden ? flush() : requestAnimationFrame(flush)), rest);
    };
    limited.stop = () => {
        stopped = true;
    };
    return limited;
}

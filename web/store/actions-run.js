// @ts-check
/** Running a technique: one at a time, restarted when one of its controls changes. */
import { sentence } from './actions.js';
import { changedOf, missingPictures, picturesOf, takesSet, targetFault, targetText, valueOf, valuesOf } from './techniques.js';

/** How long a control has to rest before the run that it belongs to starts again, in milliseconds. */
const REST = 250;
/** Live previews and progress come at most this often, in milliseconds: the page stays quick while a run is on. */
const LIVE = 90;

export function runActions(store, engine) {
    let frames = 0;
    let runs = 0;
    let batches = 0;
    let restart = 0;
    /** @type {AbortController | null} */
    let controller = null;

    const frameOf = (id) => store.state.frames.find((f) => f.id === id);
    const find = (id) => store.state.scope?.techniques.find((t) => t.id === id);

    function choose(id) {
        const settings = store.state.technique === id ? store.state.settings : {};
        const technique = store.state.technique === id ? '' : id;
        store.set({ technique, settings, runError: '', brushing: false });
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
        if (store.state.batch || (technique && aimed(technique))) settingsChanged();
    }

    /** A result must never look newer than its settings: the run starts again. */
    function settingsChanged() {
        const { running, batch, technique } = store.state;
        if (!running || (!batch && running.technique !== technique)) return;
        clearTimeout(restart);
        const again = () => (batch ? runMethods() : run(running.frame));
        restart = window.setTimeout(() => store.state.running && again(), REST);
    }

    /** What is missing before a technique, the chosen one unless given, can run; '' when nothing is. */
    function missing(id = store.state.technique) {
        const { network, target } = store.state;
        const technique = find(id);
        if (!network) return 'Open a network first.';
        if (!technique) return 'Choose a technique.';
        const lacking = missingPictures(technique, store.state);
        if (lacking) return lacking;
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
            files: picturesOf(technique, store.state).map((p) => p.file ?? p.name),
            asked: askedOf(network),
            set: takesSet(technique) ? store.state.set : null,
            result: null,
            busy: true,
            stale: false, // shows what an earlier run left
            starred: false,
        };
    }

    /** The preprocessing that was set by hand, which the file does not say. */
    function askedOf({ preprocessing }) {
        const { source, reason, ...values } = preprocessing ?? {};
        return source === 'asked' ? values : {};
    }

    /**
     * @param {number} [reuse] the frame to draw into, when a run starts again
     * @param {boolean} [keep] show what that frame has until there is something new
     */
    async function run(reuse = 0, keep = false) {
        clearTimeout(restart);
        const reason = missing();
        if (reason) return void store.set({ runError: reason });
        batches++;
        store.set({ batch: null });
        const runError = await perform(find(store.state.technique), { reuse, keep });
        if (runError) store.set({ runError });
    }

    /** Puts the chosen methods side by side: one after the other, for the same picture and target. */
    async function runMethods() {
        const mine = ++batches;
        const list = store.state.methods.map(find).filter(Boolean);
        const reason = list.map((t) => missing(t.id)).find(Boolean);
        if (reason) return void store.set({ faults: [{ title: '', text: reason }] });
        store.set({ picked: [], faults: [], shown: 0, comparing: true });
        for (let at = 0; at < list.length; at++) {
            store.set({ batch: { at, total: list.length } });
            const text = await perform(list[at], { beside: true });
            if (mine !== batches) return;
            if (text) store.set({ faults: [...store.state.faults, { title: list[at].title, text }] });
        }
        store.set({ batch: null });
    }

    /**
     * Runs a technique into a frame until it is over.
     * @param {any} technique
     * @param {{reuse?: number, keep?: boolean, beside?: boolean}} how `reuse`: a frame to draw into; `keep`: what it
     *     shows stays until then; `beside`: the frame is put next to those that are compared, in place of being shown alone
     * @returns {Promise<string>} what went wrong; '' when nothing did, or when another run took over
     */
    async function perform(technique, { reuse = 0, keep = false, beside = false }) {
        const own = technique.id === store.state.technique;
        const values = valuesOf(technique, own ? store.state : { ...store.state, settings: {} });
        const mine = ++runs;
        abandon(reuse);
        const mineController = (controller = new AbortController());
        const id = reuse || ++frames;
        const old = keep ? frameOf(id) : undefined;
        const kept = old?.result ? { result: old.result, stale: true, starred: old.starred } : {};
        const frame = { ...newFrame(technique, values), ...kept, id };
        const others = store.state.frames.filter((f) => f.id !== id);
        store.set({
            runError: '',
            frames: [...others, frame],
            ...(beside
                ? { picked: [...store.state.picked, id] }
                : { shown: id, item: 0, moment: -1, comparing: false, ...(reuse ? {} : { place: 'network' }) }),
            running: { technique: technique.id, frame: id, done: 0, remaining: NaN, seconds: 0 },
            ...(reuse ? {} : { zoom: { scale: 1, x: 0.5, y: 0.5 } }),
        });
        const update = throttled((result) => mine === runs && put(id, { result, stale: false }));
        try {
            const job = engine.model.run(
                technique.id,
                {
                    images: picturesOf(technique, store.state).map(
                        (p) => p.handle ?? { image: p.pixels, name: p.name },
                    ),
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
                if (mine !== runs) return '';
                update(partial);
            }
            const last = await result;
            if (mine !== runs) return '';
            update.stop();
            put(id, { result: last, busy: false, stale: false, input: store.state.look?.input ?? null });
        } catch (error) {
            if (mine !== runs) return '';
            update.stop();
            const partial = partialOf(id);
            if (partial) put(id, { result: { ...partial, partial: true }, busy: false });
            else removeFrame(id);
            if (/** @type {any} */ (error)?.code !== 'cancelled') return sentence(error);
        } finally {
            if (mine === runs) {
                store.set({ running: null });
                controller = null;
            }
        }
        return '';
    }

    /** Ends the run that is on for another one to begin: its frame keeps what it has. */
    function abandon(reuse) {
        controller?.abort();
        const id = store.state.running?.frame;
        if (!id || id === reuse) return;
        const result = partialOf(id);
        if (result) put(id, { result: { ...result, partial: true }, busy: false });
        else removeFrame(id);
    }

    /** What a run that is over has shown of its own; null when it has nothing. */
    function partialOf(id) {
        const frame = frameOf(id);
        return frame && !frame.stale ? frame.result : null;
    }

    function cancel() {
        clearTimeout(restart);
        batches++;
        store.set({ batch: null });
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

    return {
        choose,
        setParameter,
        settingsChanged,
        targetChanged,
        missing,
        run,
        runMethods,
        cancel,
        runOn,
    };
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

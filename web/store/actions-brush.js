// @ts-check
/** Painting the strokes of a technique: they are one of its parameters, and each change starts its run again. */
import { formatStrokes, parseStrokes } from './strokes.js';
import { strokesOf, valueOf } from './techniques.js';

export function brushActions(store) {
    /** What the strokes were before each change, and what was undone. @type {string[]} */
    let past = [];
    /** @type {string[]} */
    let undone = [];

    const chosen = () => store.state.scope?.techniques.find((t) => t.id === store.state.technique);

    const text = () => valueOf(strokesOf(chosen()), store.state.settings);

    /** The frame that shows the cut of this picture, which a run may draw into again; undefined when there is none. */
    function brushFrame() {
        const { frames, shown, technique, look } = store.state;
        return frames.find((f) => f.id === shown && f.technique === technique && f.input === look?.input);
    }

    /** Opens the brush, over a result when one is given, and runs once for there to be something to put right. */
    function openBrush(id = 0) {
        if (id) store.actions.recall(id);
        const runError = store.actions.missing();
        if (runError || !store.state.look) return void store.set({ runError });
        past = [];
        undone = [];
        store.set({ brushing: true, comparing: false, place: 'network' });
        if (!brushFrame()) store.actions.run();
    }

    const closeBrush = () => store.set({ brushing: false });

    /** @param {string} strokes */
    function put(strokes) {
        const { name } = strokesOf(chosen());
        const { [name]: _, ...others } = store.state.settings;
        store.set({ settings: strokes ? { ...others, [name]: strokes } : others });
        store.actions.run(brushFrame()?.id, true);
    }

    /** @param {import('./strokes.js').Stroke[]} strokes all of them */
    function paint(strokes) {
        const before = text();
        const after = formatStrokes(strokes);
        if (after === before) return;
        past.push(before);
        undone = [];
        put(after);
    }

    /** What was there when the brush was opened is undone stroke by stroke. */
    function undoStroke() {
        const now = text();
        const before = past.pop() ?? formatStrokes(parseStrokes(now).slice(0, -1));
        if (before === now) return;
        undone.push(now);
        put(before);
    }

    function redoStroke() {
        const after = undone.pop();
        if (after === undefined) return;
        past.push(text());
        put(after);
    }

    /** Strokes belong to the picture that they were painted over. */
    function forgetStrokes() {
        const { scope, settings } = store.state;
        const names = (scope?.techniques ?? []).flatMap((t) => strokesOf(t)?.name ?? []);
        const left = Object.entries(settings).filter(([name]) => !names.includes(name));
        store.set({ brushing: false, settings: Object.fromEntries(left) });
    }

    return {
        openBrush,
        closeBrush,
        brushFrame,
        strokes: () => parseStrokes(text()),
        paint,
        undoStroke,
        redoStroke,
        canUndo: () => past.length > 0,
        canRedo: () => undone.length > 0,
        forgetStrokes,
    };
}

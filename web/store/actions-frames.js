// @ts-check
/** The film strip: seeing, comparing, keeping and saving results. */
import { fileSave } from 'browser-fs-access';
import { toNpy } from './npy.js';
import { commandOf } from './techniques.js';

export function frameActions(store) {
    const frameOf = (id) => store.state.frames.find((f) => f.id === id);
    const fresh = () => ({ item: 0, zoom: { scale: 1, x: 0.5, y: 0.5 } });

    function show(id) {
        const { shown, comparing } = store.state;
        if (shown === id && !comparing) return void store.set({ shown: 0 });
        store.set({ shown: id, comparing: false, place: 'network', ...fresh() });
    }

    /** Picks a frame for comparison; the third pick drops the first. */
    function pick(id) {
        const { picked } = store.state;
        const next = picked.includes(id)
            ? picked.filter((p) => p !== id)
            : [...picked, id].slice(-2);
        store.set({ picked: next, comparing: next.length === 2 ? store.state.comparing : false });
    }

    function compare(a, b) {
        const picked = a && b && a !== b ? [a, b] : store.state.picked;
        if (picked.length === 2)
            store.set({
                picked,
                comparing: true,
                shown: 0,
                wipe: 0.5,
                place: 'network',
                ...fresh(),
            });
    }

    function star(id) {
        store.set({
            frames: store.state.frames.map((f) =>
                f.id === id ? { ...f, starred: !f.starred } : f,
            ),
        });
    }

    function remove(id) {
        const { frames, picked, shown, running } = store.state;
        if (running?.frame === id) store.actions.cancel();
        const at = frames.findIndex((f) => f.id === id);
        const left = frames.filter((f) => f.id !== id);
        const next = left[Math.min(at, left.length - 1)]?.id ?? 0;
        store.set({
            frames: left,
            picked: picked.filter((p) => p !== id),
            comparing: false,
            ...(shown === id ? { shown: next, ...fresh() } : {}),
        });
    }

    /** Keeps the starred frames only. */
    function clear() {
        const { running, shown } = store.state;
        const left = store.state.frames.filter((f) => f.starred || running?.frame === f.id);
        const ids = new Set(left.map((f) => f.id));
        store.set({
            frames: left,
            comparing: false,
            picked: store.state.picked.filter((p) => ids.has(p)),
            shown: ids.has(shown) ? shown : 0,
        });
    }

    async function save(blob, name) {
        try {
            await fileSave(blob, {
                fileName: name,
                extensions: [name.slice(name.lastIndexOf('.'))],
            });
        } catch (problem) {
            const error = /** @type {Error} */ (problem);
            if (error.name !== 'AbortError')
                store.actions.say(`“${name}” could not be saved: ${error.message}`);
        }
    }

    /** @param {HTMLCanvasElement} canvas the drawn item at its own size */
    async function savePng(id, canvas) {
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
        if (blob) await save(blob, `${nameOf(id)}.png`);
    }

    async function saveNumbers(id) {
        const item = frameOf(id)?.result?.items[store.state.item];
        if (!item) return;
        await save(
            new Blob([toNpy(item.data, item.shape)], { type: 'application/octet-stream' }),
            `${nameOf(id)}.npy`,
        );
    }

    const nameOf = (id) => {
        const frame = frameOf(id);
        const item = frame.result.items[store.state.item];
        const picture =
            frame.pictures[0]?.replace(/\.\w+$/, '') ?? frame.network.replace(/\.\w+$/, '');
        const part = store.state.item ? `-${item.name}` : '';
        return `${picture}-${frame.technique}${part}`.replace(/[^\w.-]+/g, '-');
    };

    async function copyCommand(id) {
        const frame = frameOf(id);
        const technique = store.state.scope.techniques.find((t) => t.id === frame.technique);
        const text = commandOf(frame, technique);
        try {
            await navigator.clipboard.writeText(text);
            store.actions.say(`Copied: ${text}`);
        } catch {
            store.actions.say(text);
        }
    }

    /** Puts the settings of a frame back on the bench. */
    function recall(id) {
        const frame = frameOf(id);
        store.set({
            technique: frame.technique,
            settings: { ...frame.changed },
            target: frame.target,
            place: 'bench',
        });
    }

    return { show, pick, compare, star, remove, clear, savePng, saveNumbers, copyCommand, recall };
}

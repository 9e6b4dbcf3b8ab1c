// @ts-check
/** The film strip: seeing, comparing, keeping and saving results. */
import { fileSave } from 'browser-fs-access';
import { toCsv } from './csv.js';
import { toGif } from './gif.js';
import { toNpy } from './npy.js';
import { commandOf } from './techniques.js';

/** Where the three places stand side by side, and not one at a time. */
const ALL_PLACES = '(min-width: 861px)';

export function frameActions(store) {
    const frameOf = (id) => store.state.frames.find((f) => f.id === id);
    const fresh = () => ({ item: 0, moment: -1, zoom: { scale: 1, x: 0.5, y: 0.5 } });

    function show(id) {
        const { shown, comparing, place } = store.state;
        const seen = place === 'network' || matchMedia(ALL_PLACES).matches;
        if (shown === id && !comparing && seen) return void store.set({ shown: 0, brushing: false });
        store.set({ shown: id, comparing: false, brushing: false, place: 'network', ...fresh() });
    }

    /** Picks a frame for comparison, or lets it go. */
    function pick(id) {
        const { picked } = store.state;
        store.set({
            picked: picked.includes(id) ? picked.filter((p) => p !== id) : [...picked, id],
        });
    }

    /** Opens the frames that are picked, or two others, side by side. */
    function compare(a, b) {
        const picked = a && b && a !== b ? [a, b] : store.state.picked;
        store.set({
            picked,
            comparing: true,
            brushing: false,
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

    /** @param {HTMLCanvasElement} canvas the drawn item at its own size @param {any} [item] unless it is the one shown */
    async function savePng(id, canvas, item = itemOf(frameOf(id))) {
        const blob = await new Promise((done) => canvas.toBlob(done, 'image/png'));
        if (blob) await save(blob, `${nameOf(id, item)}.png`);
    }

    /** @param {'npy' | 'csv'} form */
    async function saveNumbers(id, form = 'npy') {
        const item = itemOf(frameOf(id));
        if (!item) return;
        const blob =
            form === 'csv'
                ? new Blob([toCsv(item)], { type: 'text/csv' })
                : new Blob([toNpy(item.data, item.shape)], { type: 'application/octet-stream' });
        await save(blob, `${nameOf(id)}.${form}`);
    }

    /** @param {import('./gif.js').Frames} frames */
    async function saveGif(id, frames) {
        const name = `${nameOf(id)}.gif`;
        try {
            const blob = await toGif(frames, (done) =>
                store.actions.say(`Making ${name}: ${Math.round(done * 100)} %`),
            );
            await save(blob, name);
        } catch (problem) {
            store.actions.say(`“${name}” could not be made: ${/** @type {Error} */ (problem).message}`);
        }
    }

    /** The part of a result that is shown. */
    const itemOf = (frame) => {
        const items = frame?.result?.items ?? [];
        return items[Math.min(store.state.item, items.length - 1)];
    };

    const nameOf = (id, item = itemOf(frameOf(id))) => {
        const frame = frameOf(id);
        const picture =
            frame.pictures[0]?.replace(/\.\w+$/, '') ?? frame.network.replace(/\.\w+$/, '');
        const part = item === frame.result.items[0] ? '' : `-${item.name}`;
        return `${picture}-${frame.technique}${part}`.replace(/[^\w.-]+/g, '-');
    };

    /** The line that makes a frame again. */
    function commandLine(id) {
        const frame = frameOf(id);
        const technique = store.state.scope.techniques.find((t) => t.id === frame.technique);
        const item = itemOf(frame);
        const over = item?.kind === 'map' && frame.input ? store.state.overlay : 1;
        return commandOf(frame, technique, { film: item?.kind === 'film', over });
    }

    async function copyCommand(id) {
        const text = commandLine(id);
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

    return {
        show,
        pick,
        compare,
        star,
        remove,
        clear,
        savePng,
        saveGif,
        saveNumbers,
        commandLine,
        copyCommand,
        recall,
    };
}

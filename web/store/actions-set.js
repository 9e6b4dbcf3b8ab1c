// @ts-check
/** The set: many pictures at once, for techniques that compare them. */
import { sentence } from './actions.js';
import { drawnPictures } from './drawn.js';
import { picturesIn } from './folder.js';

export function setActions(store, engine) {
    let reads = 0;
    /** @type {AbortController | null} */
    let controller = null;

    /** @param {File[]} files */
    const openSet = (files) => read(nameOf(files), files.length, () => picturesIn(files));

    /** The pictures that come with the page. */
    const openDrawnSet = () => read('Solids and patterns', 0, drawnPictures);

    /**
     * @param {string} name
     * @param {number} expected pictures; 0: not known yet
     * @param {(onProgress: (p: {done: number}) => void, signal: AbortSignal) => Promise<any[]>} find
     */
    async function read(name, expected, find) {
        const mine = ++reads;
        controller?.abort();
        const { signal } = (controller = new AbortController());
        store.set({ setError: '', reading: { done: 0, count: expected }, place: 'specimen' });
        const tell = (count, from, share) => ({ done }) =>
            mine === reads && store.set({ reading: { done: from + share * done, count } });
        try {
            const pictures = await find(tell(expected, 0, 0.5), signal);
            if (!pictures.length)
                throw new Error('There is no picture among these files. Choose a folder, files or a zip of JPEG, PNG or WebP pictures.');
            const onProgress = tell(pictures.length, 0.5, 0.5);
            const set = await engine.scope.openSet(pictures, { onProgress, signal });
            if (mine !== reads) return void set.close();
            const before = store.state.set;
            store.set({ set: described(set, name) });
            before?.handle.close();
            store.actions.settingsChanged();
        } catch (error) {
            if (mine === reads && /** @type {any} */ (error)?.code !== 'cancelled')
                store.set({ setError: sentence(error) });
        } finally {
            if (mine === reads) store.set({ reading: null });
        }
    }

    function closeSet() {
        controller?.abort();
        reads++;
        store.state.set?.handle.close();
        store.set({ set: null, setError: '', reading: null });
    }

    /** Further pictures of a technique that takes several. */
    function addExtras(pictures) {
        store.set({ extras: [...store.state.extras, ...pictures] });
        store.actions.settingsChanged();
    }

    function removeExtra(index) {
        store.set({ extras: store.state.extras.filter((_, i) => i !== index) });
        store.actions.settingsChanged();
    }

    return { openSet, openDrawnSet, closeSet, addExtras, removeExtra };
}

/** What views draw: the atlas as a canvas, since a set that is closed must not take it from a result. */
function described(handle, name) {
    const { names, groups, skipped, tile, columns, atlas } = handle;
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: atlas.width, height: atlas.height });
    canvas.getContext('2d')?.drawImage(atlas, 0, 0);
    const classes = [...new Set(groups)].filter(Boolean);
    return { handle, name, count: names.length, names, groups, classes, skipped, tile, columns, canvas };
}

/** @param {File[]} files */
function nameOf(files) {
    const root = files[0]?.webkitRelativePath?.split('/')[0];
    return root || (files.length === 1 ? files[0].name : 'pictures');
}

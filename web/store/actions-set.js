// @ts-check
/** The set: many pictures at once, for techniques that compare them. */
import { sentence } from './actions.js';
import { picturesIn } from './folder.js';

export function setActions(store, engine) {
    let reads = 0;
    /** @type {AbortController | null} */
    let controller = null;

    /** @param {File[]} files */
    async function openSet(files) {
        const mine = ++reads;
        controller?.abort();
        const { signal } = (controller = new AbortController());
        store.set({ setError: '', reading: { done: 0, count: files.length }, place: 'specimen' });
        try {
            const pictures = await picturesIn(files);
            if (!pictures.length)
                throw new Error('There is no picture among these files. Choose a folder, files or a zip of JPEG, PNG or WebP pictures.');
            const onProgress = ({ done }) =>
                mine === reads && store.set({ reading: { done, count: pictures.length } });
            const set = await engine.scope.openSet(pictures, { onProgress, signal });
            if (mine !== reads) return void set.close();
            const before = store.state.set;
            store.set({ set: described(set, files) });
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

    return { openSet, closeSet, addExtras, removeExtra };
}

/** What views draw: the atlas as a canvas, since a set that is closed must not take it from a result. */
function described(handle, files) {
    const { names, groups, skipped, tile, columns, atlas } = handle;
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: atlas.width, height: atlas.height });
    canvas.getContext('2d')?.drawImage(atlas, 0, 0);
    const root = files[0]?.webkitRelativePath?.split('/')[0];
    const name = root || (files.length === 1 ? files[0].name : 'pictures');
    const classes = [...new Set(groups)].filter(Boolean);
    return { handle, name, count: names.length, names, groups, classes, skipped, tile, columns, canvas };
}

// @ts-check
/** The set: many pictures at once, for techniques that compare them. */
import { sentence } from './actions.js';
import { drawnPictures } from './drawn.js';
import { picturesIn } from './folder.js';
import { quote } from './techniques.js';

export function setActions(store, engine) {
    let reads = 0;
    /** @type {AbortController | null} */
    let controller = null;

    /** @param {File[]} files */
    const openSet = (files) =>
        read(files.length, async () => {
            const { pictures, folder } = await picturesIn(files);
            return { pictures, called: calledAs(files, folder) };
        });

    /** The pictures that come with the page. */
    const openDrawnSet = () =>
        read(0, async (onProgress, signal) => ({
            pictures: await drawnPictures(onProgress, signal),
            called: { name: 'Solids and patterns', file: 'pictures', made: 'convoscope scenes pictures' },
        }));

    /**
     * @param {number} expected pictures; 0: not known yet
     * @param {(onProgress: (p: {done: number}) => void, signal: AbortSignal) =>
     *     Promise<{pictures: any[], called: Called}>} find
     */
    async function read(expected, find) {
        const mine = ++reads;
        controller?.abort();
        const { signal } = (controller = new AbortController());
        store.set({ setError: '', reading: { done: 0, count: expected }, place: 'specimen' });
        const tell = (count, from, share) => ({ done }) =>
            mine === reads && store.set({ reading: { done: from + share * done, count } });
        try {
            const { pictures, called } = await find(tell(expected, 0, 0.5), signal);
            if (!pictures.length)
                throw new Error('There is no picture among these files. Choose a folder, files or a zip of JPEG, PNG or WebP pictures.');
            const onProgress = tell(pictures.length, 0.5, 0.5);
            const set = await engine.scope.openSet(pictures, { onProgress, signal });
            if (mine !== reads) return void set.close();
            const before = store.state.set;
            store.set({ set: described(set, called) });
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

    /** Those behind it move up. */
    function removeSecond() {
        const [second = null, ...extras] = store.state.extras;
        store.set({ second, extras, secondError: '' });
        store.actions.settingsChanged();
    }

    function removeExtra(index) {
        store.set({ extras: store.state.extras.filter((_, i) => i !== index) });
        store.actions.settingsChanged();
    }

    return { openSet, openDrawnSet, closeSet, addExtras, removeSecond, removeExtra };
}

/** What views draw: the atlas as a canvas, since a set that is closed must not take it from a result. */
function described(handle, called) {
    const { names, groups, skipped, tile, columns, atlas } = handle;
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: atlas.width, height: atlas.height });
    canvas.getContext('2d')?.drawImage(atlas, 0, 0);
    const classes = [...new Set(groups)].filter(Boolean);
    return { handle, ...called, count: names.length, names, groups, classes, skipped, tile, columns, canvas };
}

/**
 * What a set is called, the folder that the command line finds it in, and the command that makes that folder.
 * @typedef {{name: string, file: string, made?: string}} Called
 *
 * @param {File[]} files @param {string} folder that all pictures lie in, or ''
 * @returns {Called}
 */
function calledAs(files, folder) {
    const alone = files.length === 1 ? files[0].name : '';
    if (/\.zip$/i.test(alone)) {
        const into = alone.slice(0, -4);
        const made = `unzip -q ${quote(alone)} -d ${quote(into)}`;
        return { name: alone, file: folder ? `${into}/${folder}` : into, made };
    }
    const name = folder || alone || 'pictures';
    return { name, file: name };
}

// @ts-check
/** Opening a network and a picture, and looking at the one with the other. */
import { sentence } from './actions.js';
import { describe } from './network.js';
import { fromSource, readPicture } from './picture.js';
import { fitDefaults, targetFault } from './techniques.js';

/** Share of the work of opening an address that fetching is. */
const FETCHING = 0.8;

const fileName = (address) =>
    decodeURIComponent(address.split(/[?#]/)[0].split('/').pop() || address);

/** After what is under way, messages to the engine among it, and before anything that holds this thread. */
const nextTask = () => new Promise((done) => setTimeout(done));

export function lookActions(store, engine) {
    let looks = 0;
    let opens = 0;

    /** Anything may be opened meanwhile: it is fetched while the core starts. */
    async function start() {
        engine.started = engine.Convoscope.create({ threads: 'auto', quick: true }).catch((error) => {
            store.set({ failure: sentence(error) });
            return null;
        });
        engine.scope = await engine.started;
    }

    /** What a start leaves for after the first look: threads, and the tables that the views draw. */
    async function completeStart() {
        const scope = await engine.started;
        try {
            await scope?.complete();
        } catch (error) {
            store.set({ failure: sentence(error) });
            return null;
        }
        if (scope) fitScope(store.state.network);
        return scope;
    }

    /**
     * @param {Blob | Uint8Array | string} source file, bytes or address
     * @param {{name?: string, files?: File[], preprocessing?: object, address?: string}} [how] files beside it:
     *     MODEL.json; what the address bar says, where the source is none
     */
    async function openNetwork(
        source,
        { name = '', files = [], preprocessing = {}, address = '' } = {},
    ) {
        const mine = ++opens;
        const title =
            name ||
            (source instanceof File
                ? source.name
                : typeof source === 'string'
                  ? fileName(source)
                  : 'network');
        store.actions.cancel();
        const tell = (done) => mine === opens && store.set({ opening: { name: title, done } });
        tell(0);
        store.set({ networkError: '', refused: [] });
        try {
            const fetched = typeof source === 'string';
            const share = fetched ? FETCHING : 0;
            const file = fetched
                ? await engine.Convoscope.fetch(source, ({ done }) => tell(share * done))
                : source;
            if (mine !== opens) return;
            const scope = await engine.started;
            if (!scope) return void store.set({ opening: null });
            const model = await scope.open(file, {
                name: title,
                files,
                preprocessing,
                onProgress: ({ done }) => tell(share + (1 - share) * done),
            });
            if (mine !== opens) return void model.close?.();
            engine.model?.close?.();
            engine.model = model;
            // The look is sent before the views draw the network, which holds this thread for a while.
            const sent = nextTask();
            const looked = look(sent);
            await sent;
            if (mine !== opens) return;
            const network = describe(model);
            const keep = network.byName.has(store.state.layer);
            fitScope(network);
            store.set({
                network,
                opening: null,
                look: null,
                thumbnails: null,
                activation: null,
                weights: null,
                hover: null,
                model: typeof source === 'string' ? source : address,
                open: {},
                ...(keep ? {} : { layer: '', unit: -1, cell: null }),
                ...(targetFault(store.state.target, network) ? { target: 'class:top' } : {}),
            });
            await looked;
        } catch (error) {
            if (mine === opens)
                store.set({
                    opening: null,
                    networkError: sentence(error),
                    refused: /** @type {any} */ (error)?.unsupported ?? [],
                    place: 'specimen',
                });
        }
    }

    /** Some defaults depend on the size of the input. @param {any} network null: the tables as they are */
    function fitScope(network) {
        const { techniques, info, colormaps } = engine.scope;
        const fitted = network ? fitDefaults(techniques, network.preprocessing.size) : techniques;
        if (techniques.length) store.set({ scope: { techniques: fitted, info, colormaps } });
    }

    /** Dropped or chosen files: pictures, a network with its MODEL.json and weights, class names as lines of a text. */
    async function openFiles(files, second = false) {
        const list = [...files];
        const is = (pattern) => list.filter((f) => pattern.test(f.name));
        const pictures = list.filter((f) => f.type.startsWith('image/'));
        const [labels] = is(/\.txt$/i);
        const beside = is(/\.json$/i);
        const others = list.filter((f) => ![...pictures, labels, ...beside].includes(f));
        const network = is(/\.onnx$/i)[0] ?? others[0];
        const weights = others.filter((f) => f !== network);
        if (pictures.length) openPicture(pictures[0], { second });
        if (network) await openNetwork(network, { files: [...beside, ...weights] });
        else if (beside.length && engine.model) {
            const values = await beside[0]
                .text()
                .then(JSON.parse)
                .catch(() => null);
            if (values) await setPreprocessing(values);
            else store.set({ networkError: `“${beside[0].name}” is no JSON.` });
        }
        if (labels && engine.model)
            await setPreprocessing({ labels: (await labels.text()).trim() });
        else if (labels)
            store.set({
                networkError: `Open the network first, then drop “${labels.name}” with its class names.`,
            });
    }

    /** @param {Blob | string} source @param {{name?: string, second?: boolean, credit?: string}} [how] */
    async function openPicture(source, how = {}) {
        const error = how.second ? 'secondError' : 'pictureError';
        const name =
            how.name ||
            (source instanceof File
                ? source.name
                : typeof source === 'string'
                  ? fileName(source)
                  : 'picture');
        store.set({ [error]: '' });
        try {
            let blob = /** @type {Blob} */ (source);
            if (typeof source === 'string') {
                const answer = await engine.Convoscope.ask(source).catch(() => null);
                if (!answer?.ok) throw new Error(`The picture “${source}” could not be fetched.`);
                blob = await answer.blob();
            }
            const file = typeof source === 'string' ? fileName(source) : name;
            const picture = { ...(await readPicture(blob, name)), credit: how.credit, file };
            usePicture(picture, how.second, typeof source === 'string' ? source : '');
        } catch (problem) {
            store.set({ [error]: sentence(problem) });
        }
    }

    /** A snapshot of the webcam. @param {HTMLVideoElement} video */
    function takeSnapshot(video, second = false) {
        usePicture(fromSource(video, video.videoWidth, video.videoHeight, 'snapshot.png'), second);
    }

    function usePicture(picture, second = false, address = '') {
        if (second) {
            store.set({ second: picture });
            store.actions.settingsChanged();
            return;
        }
        store.actions.cancel();
        if (store.state.specimen) store.actions.forgetStrokes();
        store.set({
            specimen: picture,
            picture: address,
            pictureError: '',
            hover: null,
            pointer: null,
        });
        look();
    }

    /** @param {Promise<any>} [shown] the network is in the store */
    async function look(shown) {
        const { specimen } = store.state;
        const model = engine.model;
        if (!specimen || !model) return;
        const mine = ++looks;
        store.set({ looking: true });
        try {
            const seen = await model.look(specimen.pixels, { top: 5 });
            await shown;
            if (mine !== looks || model !== engine.model) return;
            const { resize } = store.state.network.preprocessing;
            const input = { ...seen.input, picture: specimen, resize };
            store.set({ look: { ...seen, input, range: null }, networkError: '' });
            if (!seen.classes.length && !store.state.network.lacking) await readOutput(model);
            const thumbnails = await model.thumbnails();
            if (mine !== looks || model !== engine.model) return;
            store.set({ thumbnails: new Map(thumbnails.map((t) => [t.name, t])) });
            await readLayer();
        } catch (error) {
            if (mine === looks) store.set({ networkError: sentence(error) });
        } finally {
            if (mine === looks) store.set({ looking: false });
        }
    }

    /** A network that gives no classes but three planes of numbers gives a picture. */
    async function readOutput(model) {
        const last = model.layers[model.layers.length - 1];
        if (last.shape.length !== 4 || last.shape[1] !== 3) return;
        const { data, stats } = await model.activation(last.name);
        const [height, width] = last.shape.slice(2);
        const white = stats.max > 2 ? 255 : 1; /* the two habits of such networks */
        const { look: seen } = store.state;
        if (model === engine.model && seen)
            store.set({ look: { ...seen, output: { width, height, data, white } } });
    }

    /** The numbers of the layer that is open, of the last look; and its weights, when it has any. */
    async function readLayer() {
        const { layer: name, network, look: seen } = store.state;
        const model = engine.model;
        const layer = network?.byName.get(name);
        if (!layer || !model) return void store.set({ activation: null, weights: null });
        const current = () => store.state.layer === name && model === engine.model;
        try {
            if (store.state.weights?.name !== layer.name) {
                const weights = await model.weights(layer.name);
                if (!current()) return;
                store.set({ weights: weights && { ...weights, name: layer.name } });
            }
            if (!seen) return;
            const activation = await model.activation(layer.name);
            if (!current()) return;
            store.set({ activation: { ...activation, layer: layer.name }, activationError: '' });
            if (store.state.scale === 'network') await networkRange();
        } catch (error) {
            if (current()) store.set({ activation: null, activationError: sentence(error) });
        }
    }

    /** Any other activation of the last look, for the numbers behind a unit. */
    const activationOf = (name) => engine.model.activation(name);

    /** The least and the largest value of all maps of the network, for the widest of the three scales. */
    async function networkRange() {
        const { network, look: seen } = store.state;
        const model = engine.model;
        if (!model || !seen || seen.range) return;
        const current = () => store.state.look === seen && model === engine.model;
        try {
            let [min, max] = [Infinity, -Infinity];
            for (const layer of network.layers.filter((l) => l.spatial && !l.folded)) {
                const { stats } = await model.activation(layer.name);
                min = Math.min(min, stats.min);
                max = Math.max(max, stats.max);
                if (!current()) return;
            }
            store.set({ look: { ...seen, range: [min, max] } });
        } catch (error) {
            // Where there is a new look under way, it asks again.
            if (current()) store.set({ activationError: sentence(error) });
        }
    }

    async function setPreprocessing(values) {
        try {
            await engine.model.setPreprocessing(values);
            const network = describe(engine.model);
            fitScope(network);
            store.set({ network, networkError: '' });
            await look();
        } catch (error) {
            store.set({ networkError: sentence(error) });
        }
    }

    return {
        start,
        completeStart,
        openNetwork,
        openFiles,
        openPicture,
        takeSnapshot,
        look,
        readLayer,
        activationOf,
        networkRange,
        setPreprocessing,
    };
}

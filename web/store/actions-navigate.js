// @ts-check
/** Moving between the depths of the network, pointing at things, and the looks of the page. */

export function navigateActions(store) {
    const go = (patch) => {
        const before = store.state.layer;
        store.set({
            shown: 0,
            comparing: false,
            brushing: false,
            hover: null,
            cell: null,
            activationError: '',
            ...patch,
        });
        if (store.state.layer !== before) {
            store.set({ activation: null, weights: null });
            store.actions.readLayer();
        }
    };

    const openLayer = (name) =>
        go({ layer: name, unit: -1, show: 'activations', place: 'network' });
    const openUnit = (unit, cell = null) => go({ unit, cell, place: 'network' });
    /** Where the browser's history leads, which may name a layer of another network. */
    const openAddress = ({ layer, unit, cell }) => go({ layer, unit, cell });

    /** One level up: result, unit, layer, stack. */
    function up() {
        const { brushing, comparing, shown, unit, layer } = store.state;
        if (brushing) store.set({ brushing: false });
        else if (comparing) store.set({ comparing: false });
        else if (shown) store.set({ shown: 0 });
        else if (unit >= 0) go({ unit: -1 });
        else if (layer) go({ layer: '' });
    }

    /** The next or previous layer, or channel when a unit is open. */
    function step(by) {
        const { network, layer, unit } = store.state;
        const now = network?.byName.get(layer);
        if (!now) return;
        if (unit >= 0) {
            const next = (unit + by + now.channels) % now.channels;
            go({ unit: next, cell: store.state.cell });
            return;
        }
        const shown = network.layers.filter((l) => !l.folded);
        const next = shown[shown.indexOf(now) + by];
        if (next) openLayer(next.name);
    }

    function setScale(scale) {
        store.set({ scale });
        if (scale === 'network') store.actions.networkRange();
    }

    function setTarget(target) {
        store.set({ target });
        store.actions.targetChanged();
    }

    function setTheme(theme) {
        store.set({ theme });
        document.documentElement.dataset.theme = theme;
    }

    /** A sentence that goes away by itself. */
    let timer = 0;
    function say(toast) {
        store.set({ toast });
        clearTimeout(timer);
        timer = window.setTimeout(() => store.set({ toast: '' }), 3000);
    }

    return { openLayer, openUnit, openAddress, up, step, setScale, setTarget, setTheme, say };
}

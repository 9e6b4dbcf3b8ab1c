// @ts-check
/** What the page knows about an opened network, besides what the engine says: short names and blocks. */

/** `/features/features.3/squeeze/Conv` reads as `features.3/squeeze`: parents that the next part repeats and
 * an operator that names itself say nothing. @param {{name: string, op: string}} layer */
export function shortName(layer) {
    let parts = layer.name.split('/').filter(Boolean);
    parts = parts.filter(
        (part, i) => !(i + 1 < parts.length && parts[i + 1].startsWith(`${part}.`)),
    );
    const op = new RegExp(`^${layer.op}(_\\d+)?$`, 'i');
    if (parts.length > 1 && op.test(parts[parts.length - 1])) parts.pop();
    return parts.join('/') || layer.op;
}

/** All proper prefixes of a name at `/`, `.` and `_`, longest first. */
function prefixes(name) {
    const found = [];
    for (let i = name.length - 1; i > 0; i--)
        if ('/._'.includes(name[i])) found.push(name.slice(0, i + 1));
    return found;
}

/**
 * Neighbours that share a prefix become a block: of the prefixes of the first, the longest that at least
 * three neighbours share, unless that swallows most of the network.
 * @template {{name: string, op: string, short: string, title: string}} L
 * @param {L[]} layers @returns {{name: string, layers: L[]}[]}
 */
export function blocksOf(layers) {
    const blocks = [];
    for (let i = 0; i < layers.length;) {
        let count = 1;
        let name = layers[i].short;
        for (const prefix of prefixes(layers[i].name)) {
            let n = 0;
            while (i + n < layers.length && layers[i + n].name.startsWith(prefix)) n++;
            if (n < 3) continue;
            if (n > Math.max(12, layers.length * 0.4)) break;
            count = n;
            name = shortName({ name: prefix.slice(0, -1), op: '' });
            break;
        }
        blocks.push({ name, layers: layers.slice(i, i + count) });
        i += count;
    }
    return blocks;
}

/** A plain description of an engine model, for the views. */
export function describe(model) {
    const layers = model.layers.map((layer, index) => ({
        ...layer,
        index,
        short: shortName(layer),
        title: '',
        spatial: layer.shape.length === 4 && layer.shape[2] * layer.shape[3] > 1,
        channels: layer.shape.length > 1 ? layer.shape[1] : (layer.shape[0] ?? 1),
    }));
    const blocks = blocksOf(layers.filter((layer) => !layer.folded));
    for (const block of blocks) {
        for (const layer of block.layers) {
            const inside =
                layer.short.startsWith(`${block.name}/`) ||
                layer.short.startsWith(`${block.name}.`);
            const last = layer === block.layers[block.layers.length - 1];
            if (inside) layer.title = layer.short.slice(block.name.length + 1);
            else if (layer.short === block.name) layer.title = last ? 'output' : layer.op;
            else layer.title = layer.short;
            layer.title = layer.title.replace(/_/g, ' ');
        }
    }
    const byName = new Map();
    for (const layer of layers) byName.set(layer.output, layer);
    for (const layer of layers) byName.set(layer.name, layer);
    const { name, bytes, labels, input, outputs, parameters, macs, memory, preprocessing } = model;
    const { unsupported = [], error = null, classes } = model;
    return {
        name,
        bytes,
        labels: labels ?? [],
        input,
        outputs,
        parameters,
        macs,
        memory,
        preprocessing,
        unsupported,
        /* Why there is no answer: it lies beyond the operators that are not supported. */
        lacking: error && !classes ? error : '',
        layers,
        blocks,
        byName,
    };
}

/** `zebra` of `zebra`, or of `n02391049 zebra` and `tench, Tinca tinca` the part that people say. */
export function labelOf(network, index) {
    const label = network?.labels?.[index];
    return label ? label.replace(/^n\d{8}\s+/, '').split(',')[0] : `class ${index}`;
}

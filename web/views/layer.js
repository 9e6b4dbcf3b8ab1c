// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { bytes, count, number, shape } from './format.js';
import { clipped, extent, rangeOf, tableOf } from './paint.js';
import { cellAt } from './geometry.js';
import { labelOf } from '../store/network.js';
import './tile-grid.js';
import './colour-bar.js';
import { segments } from './controls.js';

/** @type {[string, string][]} */
const SCALES = [['unit', 'Unit'], ['layer', 'Layer'], ['network', 'Network']];

/** Every channel of a layer as a tile, or the filters that made them. */
export class LayerView extends View {
    static watch = ['layer', 'activation', 'activationError', 'weights', 'scale', 'sort', 'show', 'tile', 'colours', 'clip', 'look', 'hover', 'pointer', 'network', 'specimen', 'looking'];

    get layer() {
        return this.state.network.byName.get(this.state.layer);
    }

    /** Made anew only when what they depend on changes: tiles are painted from these. */
    changed(changed) {
        if (['activation', 'scale', 'sort', 'clip', 'weights', 'show', 'look'].some((n) => changed.has(n))) this.made = null;
    }

    render() {
        const { layer } = this;
        const { weights, show, activation, activationError, specimen } = this.state;
        const filters = weights && weights.shape.length === 4;
        const colour = filters && [1, 3].includes(weights.shape[1]) && weights.shape[2] > 1;
        const seeFilters = filters && show === 'filters';
        const stats = activation?.stats;
        return html`<header class="view-head"><div><h2>${layer.short}</h2>
            <p class="muted figures">${[layer.op, layer.detail].filter(Boolean).join(' ')} · ${shape(layer.shape)}${layer.parameters ? ` · ${count(layer.parameters)} parameters` : ''} · ${bytes(layer.bytes)}${
                layer.field ? ` · sees ${layer.field.size.join(' × ')} px, every ${layer.field.stride[0]}` : ''}</p></div>
            <span class="nav"><button class="icon-button" aria-label="Previous layer" title="Previous layer  [" @click=${() => this.store.actions.step(-1)}>${icons.left}</button>
            <button class="icon-button" aria-label="Next layer" title="Next layer  ]" @click=${() => this.store.actions.step(1)}>${icons.chevron}</button></span></header>
            <div class="tools" role="toolbar" aria-label="How the tiles are drawn">
            ${filters ? segments('Show', show, [['activations', 'Maps'], ['filters', 'Filters']], (v) => this.store.set({ show: v })) : nothing}
            ${segments('Scale', this.state.scale, SCALES.slice(0, seeFilters ? 2 : 3), (v) => this.store.actions.setScale(v))}
            ${segments('Sort', this.state.sort, [['index', 'Index'], ['strength', 'Strength']], (v) => this.store.set({ sort: v }))}
            <label class="inline">Size <input type="range" min="24" max="240" .value=${String(this.state.tile)} aria-label="Size of the tiles"
                @input=${(e) => this.store.set({ tile: Number(e.target.value) })}></label></div>
            ${activationError ? html`<p class="error" data-testid="error" role="alert">${activationError}</p>` : nothing}
            ${seeFilters ? this.filters(colour) : activation ? this.maps()
                : html`<p class="hint">${specimen ? 'Reading the layer…' : 'Open a picture to see what this layer holds for it.'}</p>`}
            ${stats?.nonfinite ? html`<p class="error" role="alert">${stats.nonfinite} values of this layer are not finite; they are drawn in magenta.</p>` : nothing}`;
    }

    /** Maps of the layer as a source of tiles. A layer without space is a row of single cells. */
    source() {
        const { activation } = this.state;
        const dims = activation.shape;
        const [height, width] = dims.length === 4 ? dims.slice(2) : [1, 1];
        const count = activation.data.length / (height * width);
        return { data: activation.data, count, planes: 1, height, width };
    }

    make() {
        const { activation, scale, sort, clip, look } = this.state;
        const source = this.source();
        const size = source.height * source.width;
        const reach = clip && size > 1 ? clipped : extent;
        const whole = scale === 'network' && look?.range ? look.range : reach(activation.data);
        const signed = activation.stats.min < -1e-6 * Math.abs(activation.stats.max);
        const own = scale === 'unit' && size > 1;
        const strength = Float32Array.from({ length: source.count }, (_, i) => {
            let sum = 0;
            for (let k = i * size; k < (i + 1) * size; k++) sum += Math.max(0, activation.data[k]);
            return sum / size;
        });
        const order = Array.from(strength.keys());
        if (sort === 'strength') order.sort((a, b) => strength[b] - strength[a]);
        const range = rangeOf(whole[0], whole[1], signed);
        const rangeOfTile = own ? (i) => rangeOf(...reach(activation.data, i * size, size), signed) : () => range;
        this.made = { source, order, rangeOf: rangeOfTile, range, signed, own, size };
        return this.made;
    }

    maps() {
        const made = this.made ?? this.make();
        const { layer } = this;
        const { pointer, tile, clip, activation, network } = this.state;
        const single = made.size === 1;
        const mark = pointer && layer.field ? cellAt(layer.field, made.source.height, made.source.width, pointer) : null;
        const caption = single && layer.channels === network.labels.length ? (i) => labelOf(network, i) : null;
        return html`<tile-grid .store=${this.store} .source=${made.source} .order=${made.order} .rangeOf=${made.rangeOf}
                .table=${tableOf(this.state, made.signed)} .size=${single ? Math.min(tile, 64) : tile} .mark=${mark} .captionOf=${caption}
                label="${made.source.count} maps of ${layer.short}. Arrows move, Enter opens." hook="layer-tiles"
                @tile-hover=${this.onHover} @tile-open=${(e) => this.store.actions.openUnit(e.detail.index, null)}></tile-grid>
            <footer class="readout"><p role="status" class="figures">${this.readout(made)}</p>
            <colour-bar .store=${this.store} .low=${made.own ? null : made.range[0]} .high=${made.own ? null : made.range[1]} ?signed=${made.signed}
                note=${made.own ? 'each unit by its own range' : ''}></colour-bar></footer>
            <p class="for-readers">Mean ${number(activation.stats.mean)}, maximum ${number(activation.stats.max)}, minimum ${number(activation.stats.min)}.</p>`;
    }

    readout(made) {
        const { hover, activation, network } = this.state;
        const stats = activation.stats;
        if (!hover || hover.channel === undefined) return html`min ${number(stats.min)} · mean ${number(stats.mean)} · max ${number(stats.max)}`;
        const value = activation.data[hover.channel * made.size + hover.y * made.source.width + hover.x];
        const label = made.size === 1 && this.layer.channels === network.labels.length ? labelOf(network, hover.channel) : `channel ${hover.channel}`;
        return html`${label}${made.size > 1 ? html` · y ${hover.y}, x ${hover.x}` : nothing} · <b>${number(value)}</b>`;
    }

    onHover(event) {
        const found = event.detail;
        this.store.set({ hover: found && { layer: this.layer.name, channel: found.index, y: found.y, x: found.x } });
    }

    /** The filters: in colour where the layer sees colours, else one map per input channel, side by side. */
    filters(colour) {
        const { weights, scale, tile, sort, network } = this.state;
        if (!this.made) {
            const [out, inputs, height, width] = weights.shape;
            const bgr = colour && inputs === 3 && network.preprocessing?.channels === 'BGR';
            const data = bgr ? swapped(weights.data, out, height * width) : weights.data;
            const planes = colour && inputs === 3 ? 3 : 1;
            const count = planes === 3 ? out : out * inputs;
            const size = planes * height * width;
            const range = rangeOf(...extent(data), true);
            const own = (i) => rangeOf(...extent(data, i * size, size), true);
            const order = Array.from({ length: count }, (_, i) => i);
            if (sort === 'strength') {
                const norm = order.map((i) => data.subarray(i * size, (i + 1) * size).reduce((a, v) => a + v * v, 0));
                order.sort((a, b) => norm[b] - norm[a]);
            }
            this.made = { source: { data, count, planes, height, width }, order, range, rangeOf: scale === 'unit' ? own : () => range, inputs };
        }
        const made = this.made;
        const caption = made.source.planes === 3 || made.inputs === 1 ? null : (i) => `${Math.floor(i / made.inputs)} ← ${i % made.inputs}`;
        return html`<tile-grid .store=${this.store} .source=${made.source} .order=${made.order} .rangeOf=${made.rangeOf} .table=${tableOf(this.state, true)}
                .size=${Math.min(tile, 96)} .captionOf=${caption} label="${made.source.count} filters of ${this.layer.short}" hook="layer-tiles"
                @tile-open=${(e) => this.store.actions.openUnit(made.source.planes === 3 ? e.detail.index : Math.floor(e.detail.index / made.inputs))}></tile-grid>
            <footer class="readout"><p class="muted">${made.source.planes === 3 ? 'Mid-grey is zero.' : 'One map per input channel (output ← input). Deeper filters are hard to read: their inputs are maps, not colours.'}</p>
            ${made.source.planes === 3 ? nothing : html`<colour-bar .store=${this.store} signed .low=${scale === 'unit' ? null : made.range[0]} .high=${scale === 'unit' ? null : made.range[1]}
                note=${scale === 'unit' ? 'each filter by its own range' : ''}></colour-bar>`}</footer>`;
    }
}
customElements.define('layer-view', LayerView);

/** Blue, green, red as red, green, blue. */
function swapped(data, count, size) {
    const out = new Float32Array(data.length);
    for (let i = 0; i < count; i++) {
        for (let c = 0; c < 3; c++) out.set(data.subarray((i * 3 + c) * size, (i * 3 + c + 1) * size), (i * 3 + 2 - c) * size);
    }
    return out;
}

// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { extent, rangeOf, tableOf } from './paint.js';
import './colour-bar.js';
import './tile-grid.js';

/** The filters of a layer: in colour where it sees colours, else one map per input channel. */
export class FilterTiles extends View {
    static watch = ['weights', 'scale', 'sort', 'tile', 'network', 'layer'];

    constructor() {
        super();
        /** @type {any} what the tiles are painted from, made anew only when that changes */
        this.made = null;
    }

    changed(changed) {
        if (['weights', 'scale', 'sort', 'network'].some((name) => changed.has(name)))
            this.made = null;
    }

    make() {
        const { weights, scale, sort, network } = this.state;
        const [out, inputs, height, width] = weights.shape;
        const layer = network.byName.get(weights.name);
        const first = inputs === 3 && layer?.inputs[0] === network.input.name;
        const swap = first && network.preprocessing?.channels === 'BGR';
        const data = swap ? swapped(weights.data, out, height * width) : weights.data;
        const planes = first ? 3 : 1;
        const count = first ? out : out * inputs;
        const size = planes * height * width;
        const rangeAt = (start, n) => {
            const [low, high] = extent(data, start, n);
            return rangeOf(low, high, true);
        };
        const order = Array.from({ length: count }, (_, i) => i);
        if (sort === 'strength') {
            const strength = norms(data, count, size);
            order.sort((a, b) => strength[b] - strength[a]);
        }
        const common = scale === 'unit' ? null : rangeAt(0, data.length);
        return {
            source: { data, count, planes, height, width },
            order,
            common,
            inputs,
            rangeOf: common ? () => common : (i) => rangeAt(i * size, size),
        };
    }

    render() {
        if (!this.state.weights) return nothing;
        this.made ??= this.make();
        const { source, order, common, inputs, rangeOf: range } = this.made;
        const { tile, layer, network } = this.state;
        const colour = source.planes === 3;
        const unit = (i) => (colour ? i : Math.floor(i / inputs));
        const caption = colour || inputs === 1 ? null : (i) => `${unit(i)} ← ${i % inputs}`;
        const note = colour
            ? 'Mid-grey is zero.'
            : 'One map per input channel (output ← input). Deeper filters are hard to read: their inputs are maps, not colours.';
        return html`<tile-grid
                .store=${this.store}
                .source=${source}
                .order=${order}
                .rangeOf=${range}
                .table=${tableOf(this.state, true)}
                .size=${Math.min(tile, 96)}
                .captionOf=${caption}
                hook="layer-tiles"
                label="${source.count} filters of ${network.byName.get(layer)?.short}. Arrows move, Enter opens."
                @tile-open=${(e) => this.store.actions.openUnit(unit(e.detail.index))}
            ></tile-grid>
            <footer class="readout">
                <p class="muted">${note}</p>
                ${
                    colour
                        ? nothing
                        : html`<colour-bar
                              .store=${this.store}
                              signed
                              fixed
                              .low=${common?.[0] ?? null}
                              .high=${common?.[1] ?? null}
                              note=${common ? '' : 'each filter by its own range'}
                          ></colour-bar>`
                }
            </footer>`;
    }
}
customElements.define('filter-tiles', FilterTiles);

/** Sum of squares of each filter. */
function norms(data, count, size) {
    const out = new Float32Array(count);
    for (let i = 0; i < count * size; i++) out[Math.floor(i / size)] += data[i] * data[i];
    return out;
}

/** Blue, green, red as red, green, blue. */
function swapped(data, count, size) {
    const out = new Float32Array(data.length);
    for (let i = 0; i < count * 3; i++) {
        const to = i - (i % 3) + 2 - (i % 3);
        out.set(data.subarray(i * size, (i + 1) * size), to * size);
    }
    return out;
}

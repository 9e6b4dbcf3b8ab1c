// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { bytes, count, detail, number, shape } from './format.js';
import { clipped, extent, rangeOf, tableOf } from './paint.js';
import { cellAt } from './geometry.js';
import { labelOf } from '../store/network.js';
import './tile-grid.js';
import './colour-bar.js';
import './filter-tiles.js';
import { iconButton, segments, tileSize } from './controls.js';

/** @type {[string, string][]} */
const SCALES = [
    ['unit', 'Unit'],
    ['layer', 'Layer'],
    ['network', 'Network'],
];

/** Every channel of a layer as a tile, or the filters that made them. */
export class LayerView extends View {
    static watch = [
        'layer',
        'activation',
        'activationError',
        'weights',
        'scale',
        'sort',
        'show',
        'tile',
        'colours',
        'clip',
        'look',
        'hover',
        'pointer',
        'network',
        'specimen',
        'looking',
    ];

    get layer() {
        return this.state.network.byName.get(this.state.layer);
    }

    /** Made anew only when what they depend on changes: tiles are painted from these. */
    changed(changed) {
        if (['activation', 'scale', 'sort', 'clip', 'look'].some((n) => changed.has(n)))
            this.made = null;
    }

    render() {
        const { layer } = this;
        if (!layer) return nothing; /* on the way out */
        const { weights, show, activation, activationError, specimen } = this.state;
        const filters = weights && weights.shape.length === 4;
        const seeFilters = filters && show === 'filters';
        const stats = activation?.stats;
        return html`<header class="view-head">
                <div>
                    <h2>${layer.short}</h2>
                    <p class="muted figures">
                        ${detail(layer)} ·
                        ${shape(layer.shape)}${layer.parameters ? ` · ${count(layer.parameters)} parameters` : ''}
                        ·
                        ${bytes(layer.bytes)}${
                            layer.field
                                ? ` · sees ${layer.field.size.join(' × ')} px, every ${layer.field.stride[0]}`
                                : ''
                        }
                    </p>
                </div>
                <span class="nav"
                    >${iconButton('left', 'Previous layer', () => this.store.actions.step(-1), { title: 'Previous layer  [' })}
                    ${iconButton('chevron', 'Next layer', () => this.store.actions.step(1), { title: 'Next layer  ]' })}</span
                >
            </header>
            <div class="tools" role="toolbar" aria-label="How the tiles are drawn">
                ${
                    filters
                        ? segments(
                              'Show',
                              show,
                              [
                                  ['activations', 'Maps'],
                                  ['filters', 'Filters'],
                              ],
                              (v) => this.store.set({ show: v }),
                          )
                        : nothing
                }
                ${segments('Scale', this.state.scale, SCALES.slice(0, seeFilters ? 2 : 3), (v) => this.store.actions.setScale(v))}
                ${segments(
                    'Sort',
                    this.state.sort,
                    [
                        ['index', 'Index'],
                        ['strength', 'Strength'],
                    ],
                    (v) => this.store.set({ sort: v }),
                )}
                ${tileSize(this.store)}
            </div>
            ${activationError ? html`<p class="error" data-testid="error" role="alert">${activationError}</p>` : nothing}
            ${
                seeFilters
                    ? html`<filter-tiles .store=${this.store}></filter-tiles>`
                    : activation
                      ? this.maps()
                      : html`<p class="hint">
                            ${specimen ? 'Reading the layer…' : 'Open a picture to see what this layer holds for it.'}
                        </p>`
            }
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
        const signed = activation.stats.min < -1e-6 * Math.abs(activation.stats.max);
        const widest = scale === 'network' && look?.range;
        // A layer without negative values is drawn from zero on, whatever the other layers hold.
        const whole = widest ? [signed ? widest[0] : 0, widest[1]] : reach(activation.data);
        const own = scale === 'unit' && size > 1;
        const strength = Float32Array.from({ length: source.count }, (_, i) => {
            let sum = 0;
            for (let k = i * size; k < (i + 1) * size; k++) sum += Math.max(0, activation.data[k]);
            return sum / size;
        });
        const order = Array.from(strength.keys());
        if (sort === 'strength') order.sort((a, b) => strength[b] - strength[a]);
        const range = rangeOf(whole[0], whole[1], signed);
        const rangeOfTile = own
            ? (i) => rangeOf(...reach(activation.data, i * size, size), signed)
            : () => range;
        this.made = { source, order, rangeOf: rangeOfTile, range, signed, own, size };
        return this.made;
    }

    maps() {
        const made = this.made ?? this.make();
        const { layer } = this;
        const { pointer, tile, clip, activation, network } = this.state;
        const single = made.size === 1;
        const mark =
            pointer && layer.field
                ? cellAt(layer.field, made.source.height, made.source.width, pointer)
                : null;
        const caption =
            single && layer.channels === network.labels.length ? (i) => labelOf(network, i) : null;
        return html`<tile-grid
                .store=${this.store}
                .source=${made.source}
                .order=${made.order}
                .rangeOf=${made.rangeOf}
                .table=${tableOf(this.state, made.signed)}
                .size=${single ? Math.min(tile, 64) : tile}
                .mark=${mark}
                .captionOf=${caption}
                label="${made.source.count} maps of ${layer.short}. Arrows move, Enter opens."
                hook="layer-tiles"
                @tile-hover=${this.onHover}
                @tile-open=${(e) => this.store.actions.openUnit(e.detail.index, null)}
            ></tile-grid>
            <footer class="readout">
                <p role="status" class="figures">${this.readout(made)}</p>
                <colour-bar
                    .store=${this.store}
                    .low=${made.own ? null : made.range[0]}
                    .high=${made.own ? null : made.range[1]}
                    ?signed=${made.signed}
                    ?fixed=${single || this.state.scale === 'network'}
                    note=${made.own ? 'each unit by its own range' : ''}
                ></colour-bar>
            </footer>
            <p class="for-readers">
                Mean ${number(activation.stats.mean)}, maximum ${number(activation.stats.max)},
                minimum ${number(activation.stats.min)}.
            </p>`;
    }

    readout(made) {
        const { hover, activation, network } = this.state;
        const stats = activation.stats;
        if (!hover || hover.channel === undefined)
            return html`min ${number(stats.min)} · mean ${number(stats.mean)} · max
            ${number(stats.max)}`;
        const value =
            activation.data[hover.channel * made.size + hover.y * made.source.width + hover.x];
        const label =
            made.size === 1 && this.layer.channels === network.labels.length
                ? labelOf(network, hover.channel)
                : `channel ${hover.channel}`;
        return html`${label}${made.size > 1 ? html` · y ${hover.y}, x ${hover.x}` : nothing} ·
            <b>${number(value)}</b>`;
    }

    onHover(event) {
        const found = event.detail;
        this.store.set({
            hover: found && {
                layer: this.layer.name,
                channel: found.index,
                y: found.y,
                x: found.x,
            },
        });
    }
}
customElements.define('layer-view', LayerView);

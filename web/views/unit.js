// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { detail, number, shape } from './format.js';
import {
    canvasOf,
    clipped,
    extent,
    greyOf,
    inWords,
    paintMap,
    paintVeil,
    rangeOf,
    tableOf,
} from './paint.js';
import { cellAt, fieldOf, mapBox } from './geometry.js';
import { labelOf } from '../store/network.js';
import { iconButton, overlaySlider } from './controls.js';
import './map-canvas.js';
import './colour-bar.js';
import './unit-asks.js';
import './unit-numbers.js';

/** One channel: its map over the picture, the cell that is pointed at, and the numbers behind it. */
export class UnitView extends View {
    static watch = [
        'layer',
        'unit',
        'cell',
        'activation',
        'activationError',
        'overlay',
        'colours',
        'clip',
        'scale',
        'look',
        'hover',
        'pointer',
        'network',
        'specimen',
        'scope',
    ];

    get layer() {
        return this.state.network.byName.get(this.state.layer);
    }

    render() {
        const { layer } = this;
        if (!layer || this.state.unit < 0) return nothing; /* on the way out */
        const { unit, activation, activationError, specimen, network } = this.state;
        const label =
            !layer.spatial && layer.channels === network.labels.length
                ? labelOf(network, unit)
                : `Channel ${unit}`;
        return html`<div class="unit" data-testid="unit">
            <header class="view-head">
                <div>
                    <h2>${label}</h2>
                    <p class="muted figures">
                        ${layer.short} · ${detail(layer)} ·
                        ${shape(layer.shape.slice(2)) || 'one value'}
                    </p>
                </div>
                <span class="nav"
                    >${iconButton('left', 'Previous channel', () => this.store.actions.step(-1), { title: 'Previous channel  [' })}
                    ${iconButton('chevron', 'Next channel', () => this.store.actions.step(1), { title: 'Next channel  ]' })}</span
                >
            </header>
            ${activationError ? html`<p class="error" data-testid="error" role="alert">${activationError}</p>` : nothing}
            ${
                unit >= layer.channels
                    ? html`<p class="error" data-testid="error">
                          ${layer.short} has channels 0 to ${layer.channels - 1}.
                      </p>`
                    : activation
                      ? this.opened(activation)
                      : html`<p class="hint">
                            ${specimen ? 'Reading the layer…' : 'Open a picture to see what this unit holds for it.'}
                        </p>`
            }
        </div>`;
    }

    opened(activation) {
        const [height, width] = activation.shape.length === 4 ? activation.shape.slice(2) : [1, 1];
        const size = height * width;
        const start = this.state.unit * size;
        const data = activation.data.subarray(start, start + size);
        const words = inWords(data, height, width);
        const cell = this.cell(height, width) ?? [words.y, words.x];
        const value = data[cell[0] * width + cell[1]];
        return html`<div class="unit-body">
            <div class="unit-map">
                ${
                    size > 1
                        ? this.map(activation, data, height, width, cell)
                        : html`<p class="single">
                              <span class="figures">${number(value, 6)}</span>
                          </p>`
                }
            </div>
            <div class="unit-side">
                <dl class="facts">
                    <div>
                        <dt>${size > 1 ? `y ${cell[0]}, x ${cell[1]}` : 'Value'}</dt>
                        <dd class="big figures" data-testid="unit-value">${number(value, 5)}</dd>
                    </div>
                    ${
                        size > 1
                            ? html`<div>
                                      <dt>Mean</dt>
                                      <dd class="figures">${number(words.mean)}</dd>
                                  </div>
                                  <div>
                                      <dt>Maximum</dt>
                                      <dd class="figures">
                                          ${number(words.max)}
                                          <span class="muted">${words.place}</span>
                                      </dd>
                                  </div>`
                            : nothing
                    }
                </dl>
                <unit-asks .store=${this.store} .cell=${size > 1 ? cell : null}></unit-asks>
                <unit-numbers .store=${this.store} .cell=${cell} .value=${value}></unit-numbers>
            </div>
        </div>`;
    }

    /** Pointed at here, in the picture, or chosen by a click. */
    cell(height, width) {
        const { hover, pointer, cell } = this.state;
        const inside = (c) => (c && c[0] < height && c[1] < width ? c : null);
        const brushed =
            pointer && this.layer.field ? cellAt(this.layer.field, height, width, pointer) : null;
        return (hover?.layer === this.layer.name && [hover.y, hover.x]) || brushed || inside(cell);
    }

    map(activation, data, height, width, cell) {
        const { overlay, look, clip, scale } = this.state;
        const { field } = this.layer;
        const input = look.input;
        const signed = extent(data)[0] < 0;
        const ends =
            scale === 'network' && look.range
                ? [signed ? look.range[0] : 0, look.range[1]]
                : scale === 'layer'
                  ? (clip ? clipped : extent)(activation.data)
                  : (clip ? clipped : extent)(data);
        const [low, high] = rangeOf(ends[0], ends[1], signed);
        const key = [this.state.unit, this.state.colours, low, high, height].join();
        if (this.drawn?.data !== activation.data || this.drawn.key !== key) {
            const table = tableOf(this.state, signed);
            this.drawn = {
                data: activation.data,
                key,
                full: canvasOf(width, height, (image) =>
                    paintMap(image, data, 0, table, low, high),
                ),
                veil: canvasOf(width, height, (image) =>
                    paintVeil(image, data, 0, table, low, high, signed),
                ),
            };
        }
        const box = field
            ? mapBox(field, height, width)
            : { x: 0, y: 0, width: input.width, height: input.height };
        const cellBox = {
            x: box.x + (cell[1] * box.width) / width,
            y: box.y + (cell[0] * box.height) / height,
            width: box.width / width,
            height: box.height / height,
        };
        const sheets =
            overlay >= 1
                ? [{ canvas: this.drawn.full, box }]
                : [
                      { canvas: greyOf(input), smooth: true },
                      { canvas: this.drawn.veil, box, alpha: Math.min(1, overlay * 1.15) },
                  ];
        const marks = [
            ...(field ? [{ kind: 'field', box: fieldOf(field, cell[0], cell[1]) }] : []),
            { kind: 'cell', box: cellBox },
        ];
        const toCell = (point) => {
            if (!point) return null;
            const [y, x] = [
                Math.floor(((point.y - box.y) / box.height) * height),
                Math.floor(((point.x - box.x) / box.width) * width),
            ];
            return y >= 0 && y < height && x >= 0 && x < width ? [y, x] : null;
        };
        return html`<map-canvas
                .store=${this.store}
                zoomable
                .frame=${{ width: input.width, height: input.height }}
                .sheets=${sheets}
                .marks=${marks}
                label="Map of channel ${this.state.unit} over the picture; arrows move the cell, a click holds it"
                hook="unit-map"
                @point=${(e) => this.onPoint(toCell(e.detail))}
                @pick=${(e) => this.store.set({ cell: toCell(e.detail) })}
                @nudge=${(e) => this.store.set({ hover: null, pointer: null, cell: [within(cell[0] + e.detail[1], height), within(cell[1] + e.detail[0], width)] })}
            ></map-canvas>
            <footer class="readout">
                ${overlaySlider(this.store)}
                <colour-bar
                    .store=${this.store}
                    .low=${low}
                    .high=${high}
                    ?signed=${signed}
                    ?fixed=${scale === 'network'}
                ></colour-bar>
            </footer>`;
    }

    onPoint(cell) {
        this.store.set({
            hover: cell && {
                layer: this.layer.name,
                channel: this.state.unit,
                y: cell[0],
                x: cell[1],
            },
        });
    }
}
customElements.define('unit-view', UnitView);

const within = (v, n) => Math.min(n - 1, Math.max(0, v));

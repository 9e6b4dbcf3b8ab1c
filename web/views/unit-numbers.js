// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { number } from './format.js';
import { windowOf } from './geometry.js';
import { rangeOf, extent, tableOf } from './paint.js';
import './thumb.js';

/** How many input channels are shown one by one. */
const SHOWN = 6;

/**
 * The very numbers behind a cell of a convolution: patch x kernel, per input channel, + bias = value.
 * The sum is made here from the inputs and checked against the value that the engine computed.
 */
export class UnitNumbers extends View {
    static properties = {
        ...View.properties,
        cell: { attribute: false },
        value: { attribute: false },
        inputs: { state: true },
        all: { state: true },
    };
    static watch = ['weights', 'activation', 'unit', 'layer', 'look'];

    constructor() {
        super();
        this.cell = [0, 0];
        this.value = 0;
        /** @type {any} */
        this.inputs = null;
        this.all = false;
    }

    willUpdate() {
        const { network, layer: name, weights, look } = this.state;
        const layer = network.byName.get(name);
        if (!layer) return;
        if (!weights || weights.shape.length !== 4 || !layer.field || !look) this.inputs = null;
        else if (this.inputs?.look !== look || this.inputs.name !== layer.name)
            this.fetch(layer, look);
    }

    async fetch(layer, look) {
        const before = this.state.network.byName.get(layer.inputs[0]);
        const wanted = {
            look,
            name: layer.name,
            field: before?.field ?? null,
            data: null,
            shape: [],
        };
        this.inputs = wanted;
        if (before) {
            const activation = await this.store.actions.activationOf(before.name).catch(() => null);
            if (!activation || this.inputs !== wanted) return;
            this.inputs = { ...wanted, data: activation.data, shape: activation.shape };
        } else if (layer.inputs[0] === this.state.network.input.name) {
            this.inputs = {
                ...wanted,
                data: normalised(look.input, this.state.network.preprocessing),
                shape: [1, 3, look.input.height, look.input.width],
            };
        }
    }

    /** Contribution of every input channel, with its patch and kernel. */
    sum(layer) {
        const { weights, unit } = this.state;
        const { data, shape: dims, field } = this.inputs;
        const [, channels, height, width] = dims;
        const w = windowOf(weights, layer.field, field, channels);
        const [kh, kw] = w.kernel;
        const perGroup = weights.shape[1];
        const sound = [...w.stride, ...w.pad, ...w.dilation, w.groups].every(
            (v) => Number.isInteger(v) && v >= 0,
        );
        if (!sound || unit >= weights.shape[0] || layer.op !== 'Conv') return null;
        const first = Math.floor(unit / (weights.shape[0] / w.groups)) * perGroup;
        const [y0, x0] = [0, 1].map((i) => this.cell[i] * w.stride[i] - w.pad[i]);
        const parts = Array.from({ length: perGroup }, (_, c) => {
            const patch = new Float32Array(kh * kw);
            const kernel = weights.data.subarray(
                (unit * perGroup + c) * kh * kw,
                (unit * perGroup + c + 1) * kh * kw,
            );
            let total = 0;
            for (let i = 0; i < kh * kw; i++) {
                const y = y0 + Math.floor(i / kw) * w.dilation[0];
                const x = x0 + (i % kw) * w.dilation[1];
                const inside = y >= 0 && y < height && x >= 0 && x < width;
                patch[i] = inside ? data[((first + c) * height + y) * width + x] : 0;
                total += patch[i] * kernel[i];
            }
            return { channel: first + c, patch, kernel, total };
        });
        const bias = weights.bias?.[unit] ?? 0;
        return { parts, bias, kh, kw, total: parts.reduce((s, p) => s + p.total, bias) };
    }

    render() {
        const layer = this.state.network.byName.get(this.state.layer);
        const sum = layer && this.state.unit >= 0 && this.inputs?.data ? this.sum(layer) : null;
        if (!sum) return nothing;
        const { parts, bias, kh, kw, total } = sum;
        const sorted = [...parts].sort((a, b) => Math.abs(b.total) - Math.abs(a.total));
        const few = this.all ? sorted.slice(0, 64) : sorted.slice(0, SHOWN);
        const rest = sorted.slice(few.length).reduce((s, p) => s + p.total, 0);
        const close =
            Math.abs(total - this.value) <=
            1e-3 * Math.max(1, Math.abs(this.value), ...parts.map((p) => Math.abs(p.total)));
        const scales = [few.flatMap((p) => [...p.patch]), few.flatMap((p) => [...p.kernel])].map(
            (v) => {
                const [low, high] = extent(v);
                return rangeOf(low, high, true);
            },
        );
        return html`<section class="numbers" aria-label="The numbers behind the value">
            <h3>Where the number comes from</h3>
            <table>
                <thead>
                    <tr>
                        <th>input</th>
                        <th>patch</th>
                        <td></td>
                        <th>kernel</th>
                        <td></td>
                        <th class="figures">sum</th>
                    </tr>
                </thead>
                <tbody>
                    ${few.map(
                        (p) =>
                            html`<tr>
                                <td class="figures">${p.channel}</td>
                                <td>${this.grid(p.patch, kh, kw, scales[0])}</td>
                                <td>×</td>
                                <td>${this.grid(p.kernel, kh, kw, scales[1])}</td>
                                <td>=</td>
                                <td class="figures">${number(p.total)}</td>
                            </tr>`,
                    )}
                    ${
                        sorted.length > few.length
                            ? html`<tr>
                                  <td colspan="5">
                                      <button
                                          class="quiet small"
                                          @click=${() => {
                                              this.all = true;
                                          }}
                                      >
                                          ${sorted.length - few.length} more inputs
                                      </button>
                                  </td>
                                  <td class="figures">${number(rest)}</td>
                              </tr>`
                            : nothing
                    }
                    <tr>
                        <td colspan="5">bias</td>
                        <td class="figures">${number(bias)}</td>
                    </tr>
                    <tr class="total">
                        <td colspan="5">${close ? 'value' : 'sum'}</td>
                        <td class="figures">${number(total)}</td>
                    </tr>
                </tbody>
            </table>
            ${close ? nothing : html`<p class="muted small">The layer holds ${number(this.value)}: a step folded into it changes the sum.</p>`}
        </section>`;
    }

    grid(values, height, width, range) {
        const text = height * width <= 9 ? [...values].map((v) => number(v, 3)).join('  ') : '';
        if (height * width === 1) return html`<span class="figures">${number(values[0])}</span>`;
        return html`<thumb-map
            class="patch"
            title=${text || nothing}
            .store=${this.store}
            .table=${tableOf(this.state, true)}
            .thumb=${{ width, height, data: values, range }}
        ></thumb-map>`;
    }
}
customElements.define('unit-numbers', UnitNumbers);

/** The picture as the first layer sees it: RGB 0 to 1 in the network's order, range, mean and deviation. */
function normalised(input, how) {
    const list = (text, or) =>
        String(text ?? '')
            .split(',')
            .map(Number)
            .concat([or, or, or])
            .slice(0, 3);
    const mean = list(how?.mean, 0);
    const std = list(how?.std, 1);
    const n = input.width * input.height;
    const out = new Float32Array(3 * n);
    for (let c = 0; c < 3; c++) {
        const from = how?.channels === 'BGR' ? 2 - c : c;
        for (let i = 0; i < n; i++)
            out[c * n + i] =
                (input.data[from * n + i] * Number(how?.range ?? 1) - mean[c]) / std[c];
    }
    return out;
}

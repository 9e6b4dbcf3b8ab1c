// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { valueOf } from '../store/techniques.js';
import { icons } from './icons.js';
import { segments } from './controls.js';
import './target-picker.js';

/** Ranges over more than this factor get a slider in proportion to the logarithm. */
const WIDE = 500;

/** One control, made from a line of a technique's table. */
export class ParamControl extends View {
    static properties = { ...View.properties, parameter: { attribute: false } };
    static watch = ['settings', 'network', 'target', 'technique'];

    constructor() {
        super();
        this.parameter = null;
    }

    get value() {
        return valueOf(this.parameter, this.state.settings);
    }

    set(value) {
        this.store.actions.setParameter(this.parameter.name, value);
    }

    render() {
        const p = this.parameter;
        const kinds = {
            int: this.numeric,
            float: this.numeric,
            choice: this.choice,
            flag: this.flag,
            target: this.target,
            layer: this.layer,
            strokes: this.strokes,
        };
        return html`<div class="control" data-param=${p.name}>
            ${(kinds[p.type] ?? this.text).call(this, p)}
        </div>`;
    }

    /** The help that a title carries, for those who do not hover as well. */
    named(p, id) {
        return html`<label for=${id} title=${p.help || nothing}>${p.title}</label>
            ${p.help ? html`<span class="for-readers" id="${id}-help">${p.help}</span>` : nothing}`;
    }

    numeric(p) {
        const id = `param-${p.name}`;
        const value = this.value;
        const log = p.max / Math.max(p.min, p.step || 1e-3) > WIDE && p.min >= 0;
        const floor = Math.max(p.min, p.step || p.max / 1e4);
        const to = (v) =>
            log
                ? (v <= 0 ? 0 : Math.log(Math.max(v, floor) / floor) / Math.log(p.max / floor)) *
                  1000
                : v;
        const from = (v) => {
            const raw = log ? (v <= 0 ? p.min : floor * (p.max / floor) ** (v / 1000)) : v;
            if (p.type === 'int') return Math.round(raw);
            return log ? Number(raw.toPrecision(2)) : Number(raw.toPrecision(6));
        };
        const range = log ? [0, 1000, 1] : [p.min, p.max, p.step ?? (p.type === 'int' ? 1 : 'any')];
        return html`<div class="control-head">
                ${this.named(p, id)}
                <span class="typed"
                    ><input
                        id=${id}
                        class="figures"
                        inputmode="decimal"
                        .value=${String(value)}
                        aria-describedby="${id}-help"
                        autocomplete="off"
                        title="${p.min} to ${p.max}"
                        @change=${(e) => {
                            this.set(e.target.value.replace(',', '.').replace('\u2212', '-'));
                            e.target.value = this.value;
                        }}
                    /><span class="unit-name muted">${p.unit ?? ''}</span></span
                >
            </div>
            <input
                type="range"
                min=${range[0]}
                max=${range[1]}
                step=${range[2]}
                .value=${String(to(value))}
                aria-label=${p.title}
                aria-valuetext="${value} ${p.unit ?? ''}"
                title="${p.help ?? ''} Double-click: ${p.default}${p.unit ? ` ${p.unit}` : ''}"
                @input=${(e) => this.set(from(Number(e.target.value)))}
                @dblclick=${() => this.set(p.default)}
                class=${String(value) === String(p.default) ? '' : 'moved'}
            />`;
    }

    choice(p) {
        const choices = p.choices.map((c) => [c, c.replace(/-/g, ' ')]);
        const id = `param-${p.name}`;
        if (p.choices.join('').length <= 22) {
            return html`<div class="control-head">
                <span title=${p.help || nothing}>${p.title}</span
                >${segments(p.title, this.value, choices, (v) => this.set(v))}
            </div>`;
        }
        return html`<div class="control-head">
            ${this.named(p, id)}<select id=${id} @change=${(e) => this.set(e.target.value)}>
                ${choices.map(([c, text]) => html`<option value=${c} ?selected=${c === this.value}>${text}</option>`)}
            </select>
        </div>`;
    }

    flag(p) {
        return html`<label class="flag" title=${p.help || nothing}
            ><input
                type="checkbox"
                .checked=${this.value}
                @change=${(e) => this.set(e.target.checked)}
            /><span>${p.title}</span></label
        >`;
    }

    target(p) {
        return html`<div class="control-head">${this.named(p, 'target-field')}</div>
            <target-picker .store=${this.store}></target-picker>`;
    }

    layer(p) {
        const id = `param-${p.name}`;
        const { network, layer } = this.state;
        const value = network?.byName.get(this.value)?.name ?? this.value;
        return html`<div class="control-head">
            ${this.named(p, id)}<select id=${id} @change=${(e) => this.set(e.target.value)}>
                ${['auto', ''].includes(String(p.default)) ? html`<option value=${p.default} ?selected=${value === p.default}>auto</option>` : nothing}
                ${layer && network?.byName.has(layer) ? html`<option value=${layer}>the open one: ${network.byName.get(layer).short}</option>` : nothing}
                ${network?.layers.filter((l) => l.spatial && !l.folded).map((l) => html`<option value=${l.name} ?selected=${l.name === value}>${l.short} (${l.op})</option>`)}
            </select>
        </div>`;
    }

    /** Painted, or typed as any other text. */
    strokes(p) {
        return html`${this.text(p)}
            <button class="small" data-testid="paint" @click=${() => this.store.actions.openBrush()}>
                ${icons.brush} Paint over the picture
            </button>`;
    }

    text(p) {
        const id = `param-${p.name}`;
        return html`<div class="control-head">${this.named(p, id)}</div>
            <input
                id=${id}
                class="wide"
                .value=${String(this.value)}
                autocomplete="off"
                spellcheck="false"
                @change=${(e) => this.set(e.target.value)}
            />`;
    }
}
customElements.define('param-control', ParamControl);

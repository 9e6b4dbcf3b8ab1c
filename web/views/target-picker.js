// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { labelOf } from '../store/network.js';
import { targetFault, targetText } from '../store/techniques.js';

const MOST = 40;

/** What a technique is aimed at: a class, found by its name or number, or the specification of a unit. */
export class TargetPicker extends View {
    static properties = { ...View.properties, query: { state: true }, at: { state: true } };
    static watch = ['target', 'network', 'look', 'layer', 'unit'];

    constructor() {
        super();
        /** @type {string | null} null while the list is closed */
        this.query = null;
        this.at = 0;
    }

    /** Matching targets, as [specification, text]. */
    found() {
        const { network, look, layer, unit } = this.state;
        const text = (this.query ?? '').trim();
        const query = text.toLowerCase();
        /** @type {string[][]} */
        const all = [];
        if (query.includes(':')) all.push([text, 'this unit']);
        if (!query) {
            all.push([
                'class:top',
                `top class${look?.classes?.[0] ? `: ${labelOf(network, look.classes[0].index)}` : ''}`,
            ]);
            if (layer && unit >= 0) all.push([`channel:${layer}:${unit}`, `open channel ${unit}`]);
            if (layer) all.push([`layer:${layer}`, 'open layer as a whole']);
            for (const c of look?.classes ?? [])
                all.push([`class:${c.index}`, labelOf(network, c.index)]);
            return all;
        }
        if (/^\d+$/.test(query)) all.push([`class:${query}`, labelOf(network, Number(query))]);
        const labels = network?.labels ?? [];
        /** @type {string[][][]} */
        const ranked = [[], [], [], []];
        for (let i = 0; i < labels.length; i++) {
            const label = labels[i].replace(/^n\d{8}\s+/, '');
            const words = label.toLowerCase();
            if (!words.includes(query)) continue;
            const rank = words.split(/[\s,-]+/).includes(query)
                ? 0
                : words.startsWith(query)
                  ? 1
                  : words.includes(` ${query}`)
                    ? 2
                    : 3;
            ranked[rank].push([`class:${i}`, label]);
        }
        return [...all, ...ranked.flat()].slice(0, MOST);
    }

    render() {
        const { target, network, look } = this.state;
        const open = this.query !== null;
        const list = open ? this.found() : [];
        const fault = targetFault(target, network);
        return html`<div class="target">
            <input
                id="target-field"
                role="combobox"
                aria-expanded=${open}
                aria-controls="target-list"
                aria-autocomplete="list"
                autocomplete="off"
                spellcheck="false"
                aria-activedescendant=${open && list.length ? `target-${this.at}` : nothing}
                data-testid="target"
                placeholder="class name, number or unit"
                .value=${open ? this.query : targetText(target, network, look)}
                @focus=${() => {
                    this.query = '';
                    this.at = 0;
                }}
                @input=${(e) => {
                    this.query = e.target.value;
                    this.at = 0;
                }}
                @blur=${() => {
                    this.query = null;
                }}
                @keydown=${(e) => this.onKey(e, list)}
            />
            <code class="muted spec">${target}</code>
            ${
                open && list.length
                    ? html`<ul id="target-list" role="listbox" aria-label="Targets">
                          ${list.map(
                              ([spec, text], i) =>
                                  html` <li
                                      role="option"
                                      id="target-${i}"
                                      aria-selected=${i === this.at}
                                      class=${i === this.at ? 'on' : ''}
                                      @pointerdown=${(e) => {
                                          e.preventDefault();
                                          this.take(spec);
                                      }}
                                      @pointermove=${() => {
                                          this.at = i;
                                      }}
                                  >
                                      <span>${text}</span
                                      ><code class="muted"
                                          >${spec.length > 24 ? `…${spec.slice(-22)}` : spec}</code
                                      >
                                  </li>`,
                          )}
                      </ul>`
                    : nothing
            }
            ${fault ? html`<p class="error" data-testid="error" role="alert">${fault}</p>` : nothing}
        </div>`;
    }

    take(spec) {
        this.store.actions.setTarget(spec);
        this.query = null;
        this.querySelector('input')?.blur();
    }

    onKey(event, list) {
        if (event.key === 'ArrowDown') this.at = Math.min(list.length - 1, this.at + 1);
        else if (event.key === 'ArrowUp') this.at = Math.max(0, this.at - 1);
        else if (event.key === 'Enter' && list[this.at]) this.take(list[this.at][0]);
        else if (event.key === 'Escape') this.querySelector('input')?.blur();
        else return;
        event.preventDefault();
        event.stopPropagation();
        this.querySelector(`#target-${this.at}`)?.scrollIntoView({ block: 'nearest' });
    }
}
customElements.define('target-picker', TargetPicker);

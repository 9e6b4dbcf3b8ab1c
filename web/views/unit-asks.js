// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';

/** Every technique that can be aimed, aimed at the open channel or at one of its cells. */
export class UnitAsks extends View {
    static properties = { ...View.properties, cell: { attribute: false } };
    static watch = ['scope', 'unit', 'layer'];

    constructor() {
        super();
        /** @type {number[] | null} y, x; null where a channel is one value */
        this.cell = null;
    }

    render() {
        const { scope, unit, layer } = this.state;
        const { cell } = this;
        const aimed = scope.techniques.filter((t) => t.parameters.some((p) => p.type === 'target'));
        if (!aimed.length) return nothing;
        const buttons = (target) =>
            html`<div class="asks-list">
                ${aimed.map(
                    (t) =>
                        html`<button
                            class="ask"
                            title=${t.sentence}
                            @click=${() => this.store.actions.runOn(t.id, target)}
                        >
                            ${t.title}
                        </button>`,
                )}
            </div>`;
        return html`<details class="asks">
                <summary>Ask about this channel</summary>
                ${buttons(`channel:${layer}:${unit}`)}
            </details>
            ${
                cell
                    ? html`<details class="asks">
                          <summary>
                              Ask about the cell
                              <span class="muted figures">y ${cell[0]}, x ${cell[1]}</span>
                          </summary>
                          ${buttons(`neuron:${layer}:${unit}:${cell[0]}:${cell[1]}`)}
                      </details>`
                    : nothing
            }`;
    }
}
customElements.define('unit-asks', UnitAsks);

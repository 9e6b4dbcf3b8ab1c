// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { iconButton } from './controls.js';
import { bytes, count, percent, shape } from './format.js';
import './preprocessing.js';

/** Every operator that cannot be run, and what could be done. @param {any[]} list */
function unsupportedList(list) {
    return html`<details class="unsupported" open data-testid="unsupported">
        <summary>
            ${list.length === 1 ? 'One operator is' : `${list.length} operators are`} not supported
        </summary>
        <ul>
            ${list.map(
                ({ op, node, opset, remedy }) =>
                    html`<li>
                        <b>${op}</b> <span class="figures">opset ${opset}</span>
                        <span class="node" title=${node}>${node}</span>
                        <span class="muted remedy">${remedy}</span>
                    </li>`,
            )}
        </ul>
    </details>`;
}

/** The network that is open, and where to drop another. */
export class NetworkWell extends View {
    static properties = { ...View.properties, over: { state: true } };
    static watch = ['network', 'opening', 'networkError', 'refused', 'scope'];

    constructor() {
        super();
        this.over = false;
    }

    render() {
        const { network, opening, networkError, refused, scope } = this.state;
        return html`<div
                class="well network ${this.over ? 'over' : ''} ${network ? 'full' : ''}"
                data-testid="specimen-network"
                @dragover=${this.onDrag}
                @dragleave=${() => {
                    this.over = false;
                }}
                @drop=${this.onDrop}
            >
                ${
                    opening
                        ? html`<p class="opening" role="status">
                              <span>Opening ${opening.name}</span>
                              <span class="figures"
                                  >${opening.done > 0 ? percent(opening.done) : ''}</span
                              >
                              <progress
                                  max="1"
                                  .value=${opening.done || 0}
                                  aria-label="Opening"
                              ></progress>
                          </p>`
                        : network
                          ? this.facts(network)
                          : html`<button class="drop-here" ?disabled=${!scope} @click=${this.pick}>
                                ${icons.open} <b>Drop a network</b
                                ><span>an .onnx file, or click to choose one</span>
                            </button>
                            <button
                                class="quiet small"
                                data-testid="library"
                                @click=${() => this.store.set({ dialog: 'library' })}
                            >
                                ${icons.library} Choose from the library
                            </button>`
                }
                <input
                    class="hidden-input"
                    type="file"
                    multiple
                    tabindex="-1"
                    aria-label="Network file"
                    data-testid="input-network"
                    @change=${this.onPick}
                />
            </div>
            ${networkError ? html`<p class="error" data-testid="error" role="alert">${networkError}</p>` : nothing}
            ${refused.length ? unsupportedList(refused) : nothing}
            ${network?.unsupported.length && !opening ? this.partly(network) : nothing}
            ${network ? html`<pre-processing .store=${this.store}></pre-processing>` : nothing}`;
    }

    facts(network) {
        const conv = network.layers.filter((l) => l.op.startsWith('Conv')).length;
        return html`<div class="caption">
                <span class="name" title=${network.name}>${network.name}</span>
                <span class="muted figures">${bytes(network.bytes)}</span>
                ${iconButton('library', 'Networks of the library', () => this.store.set({ dialog: 'library' }), { title: 'Networks of the library  L', hook: 'library' })}
                ${iconButton('open', 'Open another network', this.pick, { title: 'Open another network  O' })}
            </div>
            <dl class="facts">
                <div>
                    <dt>Layers</dt>
                    <dd>
                        ${network.layers.length} <span class="muted">(${conv} convolutions)</span>
                    </dd>
                </div>
                <div>
                    <dt>Input</dt>
                    <dd>${shape(network.input.shape)}</dd>
                </div>
                <div>
                    <dt>Parameters</dt>
                    <dd>${count(network.parameters)}</dd>
                </div>
                <div>
                    <dt>Multiply-adds</dt>
                    <dd>${count(network.macs)}</dd>
                </div>
                <div>
                    <dt>Memory</dt>
                    <dd>${bytes(network.memory)}</dd>
                </div>
            </dl>`;
    }

    partly(network) {
        const count = network.layers.filter((l) => !l.folded).length;
        return html`<p class="warn">
                ${count === 1 ? 'One layer' : `${count} layers`} of this network can be run and
                ${count === 1 ? 'is' : 'are'} shown.
                ${network.lacking ? 'Its answer lies beyond operators that are not supported.' : ''}
            </p>
            ${unsupportedList(network.unsupported)}`;
    }

    pick() {
        /** @type {HTMLInputElement} */ (this.querySelector('input[type=file]')).click();
    }

    onPick(event) {
        const files = [...event.target.files];
        event.target.value = '';
        if (files.length) this.store.actions.openFiles(files);
    }

    onDrag(event) {
        event.preventDefault();
        this.over = true;
    }

    onDrop(event) {
        event.preventDefault();
        event.stopPropagation();
        this.over = false;
        this.store.actions.openFiles(event.dataTransfer.files);
    }
}
customElements.define('network-well', NetworkWell);

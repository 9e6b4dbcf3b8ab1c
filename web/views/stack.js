// @ts-check
import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { styleMap } from 'lit/directives/style-map.js';
import { View } from './view.js';
import { icons } from './icons.js';
import { bytes, count, detail, seconds, shape } from './format.js';
import { tableOf } from './paint.js';
import './thumb.js';

/** The layers from picture to classes, blocks folded, each with what it holds for this picture. */
export class StackView extends View {
    constructor() {
        super();
        this.side = 1;
        /** @type {number[] | null} shape of the row above */
        this.above = null;
        this.deep = 1;
    }

    static watch = ['network', 'thumbnails', 'look', 'looking', 'open', 'colours', 'scope'];

    render() {
        const { network, look } = this.state;
        const seen = look ? [look.input.height, look.input.width] : network.input.shape.slice(2);
        this.side = Math.max(
            ...network.layers.filter((l) => l.spatial).map((l) => Math.max(l.shape[2], l.shape[3])),
            ...seen.filter((n) => n > 0),
            1,
        );
        this.above = null;
        this.deep = Math.max(...network.layers.map((l) => l.channels), 1);
        const shared = new Set(
            network.blocks.flatMap((b) => (b.layers.length > 1 ? [b.name] : [])),
        );
        return html`<header class="view-head">
                <div>
                    <h2>${network.name}</h2>
                    <p class="muted figures">
                        ${network.layers.length} layers · ${count(network.parameters)} parameters ·
                        ${count(network.macs)} multiply-adds ·
                        ${bytes(network.memory)}${look ? ` · ${seconds(look.seconds)}` : ''}
                    </p>
                </div>
                ${shared.size ? html`<button class="quiet" @click=${this.toggleAll}>${this.allOpen ? 'Fold the blocks' : 'Unfold the blocks'}</button>` : nothing}
            </header>
            <div
                class="stack ${this.state.looking ? 'stale' : ''}"
                data-testid="stack"
                @keydown=${this.onKey}
            >
                ${this.inputRow()}
                ${repeat(
                    network.blocks,
                    (b) => b.layers[0].name,
                    (b) => (b.layers.length > 1 ? this.block(b) : this.layer(b.layers[0])),
                )}
            </div>`;
    }

    inputRow() {
        const { network, look } = this.state;
        const [, c, h, w] = look
            ? [1, 3, look.input.height, look.input.width]
            : network.input.shape;
        return html`<div class="stack-row input">
            ${this.silhouette([1, c, h, w])}
            ${look ? html`<thumb-map .store=${this.store} .thumb=${{ ...look.input, planes: 3 }}></thumb-map>` : html`<span class="no-thumb"></span>`}
            <span class="what"
                ><b>${network.input.name}</b
                ><span class="muted">the picture, as the network receives it</span></span
            >
            <span class="shape figures">${shape([1, c, h, w])}</span>
        </div>`;
    }

    /** Half width: how wide the maps are. Strength of the line: how many there are. */
    silhouette(dims, open = false) {
        const before = this.above ?? dims;
        this.above = dims;
        const width = (shape) =>
            0.08 +
            0.92 * Math.sqrt((shape.length === 4 ? Math.max(shape[2], shape[3]) : 1) / this.side);
        const style = {
            '--w': String(width(dims)),
            '--w0': String(width(before)),
            '--d': String(0.07 + 0.3 * (Math.log2(1 + (dims[1] ?? 1)) / Math.log2(1 + this.deep))),
        };
        return html`<span
            class="silhouette ${open ? 'open' : ''}"
            style=${styleMap(style)}
            aria-hidden="true"
        ></span>`;
    }

    thumb(layer, small = false) {
        const thumb =
            this.state.thumbnails?.get(layer.name) ?? this.state.thumbnails?.get(layer.output);
        return thumb
            ? html`<thumb-map
                  class=${small ? 'small' : ''}
                  .store=${this.store}
                  .thumb=${thumb}
                  .table=${this.state.scope && tableOf(this.state, false)}
              ></thumb-map>`
            : html`<span class="no-thumb ${small ? 'small' : ''}"></span>`;
    }

    layer(layer, inside = false) {
        const title = inside ? layer.title : layer.short;
        return html`<button
            class="stack-row ${inside ? 'inside' : ''}"
            data-testid="layer-row"
            data-layer=${layer.name}
            @click=${() => this.store.actions.openLayer(layer.name)}
            title=${layer.name}
        >
            ${this.silhouette(layer.shape)}${this.thumb(layer)}
            <span class="what"><b>${title}</b><span class="muted">${detail(layer)}</span></span>
            <span class="costs muted figures"
                >${layer.parameters ? count(layer.parameters) : ''}</span
            >
            <span class="shape figures">${shape(layer.shape)}</span>
            ${icons.chevron}
        </button>`;
    }

    block(block) {
        const open = this.state.open[block.layers[0].name] ?? false;
        const last = block.layers[block.layers.length - 1];
        const some = block.layers.filter((l) => l.spatial && l !== last);
        const parameters = block.layers.reduce((n, l) => n + l.parameters, 0);
        const toggle = () =>
            this.store.set({ open: { ...this.state.open, [block.layers[0].name]: !open } });
        return html`<button
                class="stack-row block ${open ? 'open' : ''}"
                aria-expanded=${open}
                data-testid="block-row"
                data-block=${block.name}
                @click=${toggle}
            >
                ${this.silhouette(last.shape, open)}${this.thumb(last)}
                <span class="what"
                    ><b>${block.name}</b
                    ><span class="muted">block of ${block.layers.length} layers</span></span
                >
                <span class="film"
                    >${open ? nothing : some.slice(-6).map((l) => this.thumb(l, true))}</span
                >
                <span class="costs muted figures">${parameters ? count(parameters) : ''}</span>
                <span class="shape figures">${shape(last.shape)}</span>
                ${icons.chevron}
            </button>
            ${open ? block.layers.map((l) => this.layer(l, true)) : nothing}`;
    }

    get allOpen() {
        const { network, open } = this.state;
        return network.blocks.every((b) => b.layers.length < 2 || open[b.layers[0].name]);
    }

    toggleAll() {
        const to = !this.allOpen;
        this.store.set({
            open: Object.fromEntries(this.state.network.blocks.map((b) => [b.layers[0].name, to])),
        });
    }

    /** Arrows move along the column; right and left unfold and fold a block. */
    onKey(event) {
        const rows = /** @type {HTMLElement[]} */ ([...this.querySelectorAll('button.stack-row')]);
        const at = rows.indexOf(/** @type {HTMLElement} */ (document.activeElement));
        if (at < 0) return;
        const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: rows.length - 1 }[event.key];
        const folds = rows[at].getAttribute('aria-expanded');
        if (to !== undefined) rows[Math.min(rows.length - 1, Math.max(0, to))].focus();
        else if (event.key === 'ArrowRight' && folds !== 'true') rows[at].click();
        else if (event.key === 'ArrowLeft' && folds === 'true') rows[at].click();
        else return;
        event.preventDefault();
    }
}
customElements.define('stack-view', StackView);

// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import { thumbOfItem } from './draw-result.js';

const SIDE = 40;

/** The parts of a result as small pictures, of which one is shown large; its title stands beside them. */
export class ItemStrip extends View {
    static properties = { ...View.properties, items: { attribute: false } };
    static watch = ['item', 'colours'];

    constructor() {
        super();
        /** @type {any[]} */
        this.items = [];
    }

    render() {
        const now = Math.min(this.state.item, this.items.length - 1);
        return html`<div
            class="items"
            role="radiogroup"
            aria-label="Parts of the result"
            @keydown=${this.onKey}
        >
            ${this.items.map(
                (item, i) =>
                    html`<button
                        role="radio"
                        aria-checked=${i === now}
                        tabindex=${i === now ? 0 : -1}
                        aria-label=${item.title}
                        title=${item.title}
                        data-testid="item"
                        data-item=${item.name}
                        @click=${() => this.store.set({ item: i })}
                    >
                        <canvas width=${SIDE} height=${SIDE}></canvas>
                    </button>`,
            )}
            <span aria-hidden="true">${this.items[now].title}</span>
        </div>`;
    }

    updated() {
        this.querySelectorAll('canvas').forEach((canvas, i) => {
            const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
            ctx.clearRect(0, 0, SIDE, SIDE);
            const source = thumbOfItem(this.items[i], this.state);
            const s = Math.max(SIDE / source.width, SIDE / source.height);
            const [w, h] = [source.width * s, source.height * s];
            ctx.drawImage(source, (SIDE - w) / 2, (SIDE - h) / 2, w, h);
        });
    }

    onKey(event) {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!by) return;
        event.preventDefault();
        event.stopPropagation();
        const next = (this.state.item + by + this.items.length) % this.items.length;
        this.store.set({ item: next });
        this.querySelectorAll('button')[next].focus();
    }
}
customElements.define('item-strip', ItemStrip);

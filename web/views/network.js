// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import './empty.js';
import './stack.js';
import './layer.js';
import './unit.js';
import './result.js';
import './compare.js';
import './brush.js';

/** Middle: the network at the depth that one has gone to, or the result that one looks at. */
export class ConvoNetwork extends View {
    static watch = ['network', 'layer', 'unit', 'shown', 'comparing', 'brushing', 'frames', 'place', 'scope', 'failure'];

    connectedCallback() {
        super.connectedCallback();
        // What opens grows out of the place that was pointed at.
        this.addEventListener('pointerdown', (event) => {
            const { left, top } = this.getBoundingClientRect();
            this.style.setProperty(
                '--from',
                `${Math.round(event.clientX - left)}px ${Math.round(event.clientY - top)}px`,
            );
        });
    }

    constructor() {
        super();
        this.depth = '';
        this.last = '';
    }

    willUpdate() {
        this.within = this.contains(document.activeElement);
    }

    /** Who goes in or up by keyboard stays in the network: on its tiles, its map, or the row that was left. */
    updated() {
        const { layer, unit, shown, comparing, brushing } = this.state;
        const depth = [layer, unit >= 0, brushing || shown, comparing].join();
        const moved = this.depth && this.depth !== depth;
        this.depth = depth;
        const left = this.last;
        this.last = layer;
        if (moved) this.settle(this.within ?? false, layer ? '' : left);
    }

    /** Waits for what has to be read first, but not for long. */
    async settle(focus, row, tries = 30) {
        const depth = this.depth;
        for (; tries > 0 && depth === this.depth; tries--) {
            await new Promise((done) => setTimeout(done, 40));
            const find = row ? `[data-layer="${CSS.escape(row)}"]` : 'canvas[tabindex="0"]';
            const target = /** @type {HTMLElement | null} */ (this.querySelector(find));
            if (!target && !row) continue;
            if (row) target?.scrollIntoView({ block: 'center' });
            const lost = document.activeElement === document.body;
            if (focus && lost)
                (target ?? this.querySelector('button'))?.focus({ preventScroll: true });
            return;
        }
    }

    render() {
        const { network, layer, unit, shown, comparing, brushing, frames, scope, failure } = this.state;
        const s = this.store;
        if (brushing) return html`<brush-view .store=${s}></brush-view>`;
        if (comparing)
            return html`<compare-view .store=${s}></compare-view>`;
        if (shown && frames.some((f) => f.id === shown))
            return html`<result-view .store=${s}></result-view>`;
        if (!network) return html`<empty-view .store=${s}></empty-view>`;
        if (!network.byName.get(layer)) return html`<stack-view .store=${s}></stack-view>`;
        // Maps have no colours yet: they come with the engine's tables, after the first answer.
        if (!scope) return failure ? nothing : html`<p class="hint">Starting…</p>`;
        if (unit < 0) return html`<layer-view .store=${s}></layer-view>`;
        return html`<unit-view .store=${s}></unit-view>`;
    }
}
customElements.define('convo-network', ConvoNetwork);

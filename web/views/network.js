// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import './empty.js';
import './stack.js';
import './layer.js';
import './unit.js';
import './result.js';
import './compare.js';

/** Middle: the network at the depth that one has gone to, or the result that one looks at. */
export class ConvoNetwork extends View {
    static watch = ['network', 'layer', 'unit', 'shown', 'comparing', 'frames', 'place'];

    connectedCallback() {
        super.connectedCallback();
        // What opens grows out of the place that was pointed at.
        this.addEventListener('pointerdown', (event) => {
            const { left, top } = this.getBoundingClientRect();
            this.style.setProperty('--from', `${Math.round(event.clientX - left)}px ${Math.round(event.clientY - top)}px`);
        });
    }

    render() {
        const { network, layer, unit, shown, comparing, frames, picked } = this.state;
        const s = this.store;
        if (comparing && picked.length === 2) return html`<compare-view .store=${s}></compare-view>`;
        if (shown && frames.some((f) => f.id === shown)) return html`<result-view .store=${s}></result-view>`;
        if (!network) return html`<empty-view .store=${s}></empty-view>`;
        if (!network.byName.get(layer)) return html`<stack-view .store=${s}></stack-view>`;
        if (unit < 0) return html`<layer-view .store=${s}></layer-view>`;
        return html`<unit-view .store=${s}></unit-view>`;
    }
}
customElements.define('convo-network', ConvoNetwork);

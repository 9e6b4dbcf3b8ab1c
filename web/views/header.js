// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { iconButton } from './controls.js';

const THEMES = {
    system: ['auto', 'as the system'],
    dark: ['moon', 'dark'],
    light: ['sun', 'light'],
};
const NEXT = { system: 'dark', dark: 'light', light: 'system' };

/** Name, where one is in the network, what the engine runs on, and the switches of the whole page. */
export class ConvoHeader extends View {
    static watch = ['network', 'layer', 'unit', 'shown', 'comparing', 'frames', 'scope', 'theme'];

    render() {
        const { theme, scope } = this.state;
        const [icon, text] = THEMES[theme];
        const info = scope?.info;
        const speed = info
            ? [
                  info.simd ? 'SIMD' : 'no SIMD',
                  `${info.threads} thread${info.threads > 1 ? 's' : ''}`,
              ].join(' · ')
            : '';
        return html`<header>
            <h1>${icons.mark}<span>Convoscope</span></h1>
            ${this.path()}
            <span class="engine" title="How the engine runs in this browser">${speed}</span>
            <button
                class="quiet private"
                data-testid="privacy"
                @click=${() => this.store.set({ dialog: 'privacy' })}
                aria-label="Nothing leaves this computer: see the proof"
            >
                ${icons.lock}<span>Nothing leaves this computer</span>
            </button>
            <button
                class="icon-button"
                data-testid="theme"
                aria-label="Theme: ${text}"
                title="Theme: ${text}"
                @click=${() => this.store.actions.setTheme(NEXT[theme])}
            >
                ${icons[icon]}
            </button>
            ${iconButton('help', 'Keys', () => this.store.set({ dialog: 'keys' }), { title: 'Keys  ?', hook: 'help' })}
        </header>`;
    }

    /** Network › layer › channel: each part goes there. */
    path() {
        const { network, layer, unit, shown, comparing, frames } = this.state;
        if (!network) return html`<span class="path"></span>`;
        const now = network.byName.get(layer);
        const frame = frames.find((f) => f.id === shown);
        const { openLayer } = this.store.actions;
        const steps = [[network.name, () => openLayer('')]];
        if (now) steps.push([now.short, () => openLayer(now.name)]);
        if (now && unit >= 0)
            steps.push([
                `${now.spatial ? 'channel' : 'unit'} ${unit}`,
                () => this.store.actions.openUnit(unit, this.state.cell),
            ]);
        if (frame) steps.push([frame.title, () => {}]);
        if (comparing) steps.push(['Side by side', () => {}]);
        return html`<nav class="path" aria-label="Where you are">
            ${steps.map(
                ([text, go], i) =>
                    html` ${i ? icons.chevron : nothing}
                        <button
                            class="quiet"
                            aria-current=${i === steps.length - 1 ? 'page' : nothing}
                            @click=${go}
                            title=${text}
                        >
                            ${text}
                        </button>`,
            )}
        </nav>`;
    }
}
customElements.define('convo-header', ConvoHeader);

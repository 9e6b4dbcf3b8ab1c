// @ts-check
import { html, nothing } from 'lit';
import { icons } from './icons.js';

/** A few choices side by side, one of which is on. @param {[string, string][]} choices @param {(id: string) => void} set */
export function segments(title, value, choices, set) {
    return html`<span class="segments" role="radiogroup" aria-label=${title}
        ><span class="segments-title" aria-hidden="true">${title}</span> ${choices.map(
            ([id, text]) =>
                html`<button
                    role="radio"
                    aria-checked=${value === id}
                    @click=${() => set(id)}
                    @keydown=${alongside}
                    tabindex=${value === id ? 0 : -1}
                >
                    ${text}
                </button>`,
        )}</span
    >`;
}

/** Arrows move between the choices, as radio buttons have it. */
function alongside(event) {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const all = [...event.target.parentElement.querySelectorAll('[role=radio]')];
    const next = all[(all.indexOf(event.target) + by + all.length) % all.length];
    next.click();
    next.focus();
}

/**
 * A slider with its value beside it.
 * @param {string} title @param {number} value
 * @param {{min: number, max: number, step: number, set: (value: number) => void, text?: string, help?: string}} how
 */
export function slider(title, value, { min, max, step, set, text = undefined, help = '' }) {
    return html`<label class="inline" title=${help || nothing}
        >${title}
        <input
            type="range"
            min=${min}
            max=${max}
            step=${step}
            .value=${String(value)}
            aria-label=${title}
            aria-valuetext=${text ?? value}
            @input=${(e) => set(Number(e.target.value))}
        />${text !== undefined ? html`<span class="figures value">${text}</span>` : nothing}</label
    >`;
}

/**
 * A button that is a sign only; its name is told to those who do not see it, and on hover.
 * @param {string} icon @param {string} label @param {(event: Event) => void} act
 * @param {{title?: string, pressed?: boolean, disabled?: boolean, hook?: string, kind?: string}} [more]
 */
export function iconButton(
    icon,
    label,
    act,
    { title = label, pressed, disabled = false, hook, kind = '' } = {},
) {
    return html`<button
        class="icon-button ${kind}"
        aria-label=${label}
        title=${title}
        aria-pressed=${pressed ?? nothing}
        ?disabled=${disabled}
        data-testid=${hook ?? nothing}
        @click=${act}
    >
        ${icons[icon]}
    </button>`;
}

/** How large the tiles are. @param {import('../store/store.js').Store} store */
export function tileSize(store) {
    return slider('Size', store.state.tile, {
        min: 24,
        max: 240,
        step: 1,
        set: (tile) => store.set({ tile }),
        help: 'Size of the tiles',
    });
}

/** How strongly a map covers the greyed picture. @param {import('../store/store.js').Store} store */
export function overlaySlider(store) {
    const { overlay } = store.state;
    return slider('Map', overlay, {
        min: 0,
        max: 1,
        step: 0.01,
        text: `${Math.round(overlay * 100)} %`,
        set: (value) => store.set({ overlay: value }),
        help: 'How strongly the map covers the greyed picture',
    });
}

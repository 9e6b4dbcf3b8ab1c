// @ts-check
import { html, nothing } from 'lit';

/** A few choices side by side, one of which is on. @param {[string, string][]} choices @param {(id: string) => void} set */
export function segments(title, value, choices, set) {
    return html`<span class="segments" role="radiogroup" aria-label=${title}><span class="segments-title" aria-hidden="true">${title}</span>
        ${choices.map(([id, text]) => html`<button role="radio" aria-checked=${value === id} @click=${() => set(id)} @keydown=${alongside}
            tabindex=${value === id ? 0 : -1}>${text}</button>`)}</span>`;
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

/** A slider with its value beside it. */
export function slider(title, value, { min, max, step, text, set, help = '' }) {
    return html`<label class="inline" title=${help || nothing}>${title}
        <input type="range" min=${min} max=${max} step=${step} .value=${String(value)} aria-label=${title} aria-valuetext=${text ?? value}
            @input=${(e) => set(Number(e.target.value))}>${text !== undefined ? html`<span class="figures value">${text}</span>` : nothing}</label>`;
}

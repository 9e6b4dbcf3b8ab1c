// @ts-check
import { html, nothing } from 'lit';
import { styleMap } from 'lit/directives/style-map.js';
import { View } from './view.js';
import { number, percent, seconds } from './format.js';

const name = (c) => (c.label ? c.label.replace(/^n\d{8}\s+/, '') : `class ${c.index}`);

/** The answers with their probabilities. Clicking one makes it the target of every technique. */
export class ClassBars extends View {
    static watch = ['look', 'looking', 'target', 'network', 'specimen'];

    render() {
        const { look, looking, target, network, specimen } = this.state;
        if (!network || !specimen) return nothing;
        if (!look)
            return html`<p class="muted small" role="status">${looking ? 'Looking…' : ''}</p>`;
        if (!look.classes?.length)
            return html`<p class="muted small">This network gives no classes.</p>`;
        const aims = (c, i) => target === `class:${c.index}` || (i === 0 && target === 'class:top');
        return html`<section
            class="classes ${looking ? 'stale' : ''}"
            data-testid="classes"
            aria-label="Classes"
        >
            <h2>Answer <span class="muted figures">${seconds(look.seconds)}</span></h2>
            <ul>
                ${look.classes.map(
                    (c, i) =>
                        html`<li>
                            <button
                                class="class-bar"
                                aria-pressed=${aims(c, i)}
                                data-class=${c.index}
                                title="${c.label || `class ${c.index}`} · class ${c.index} · logit ${number(c.logit)} · click to make it the target"
                                @click=${() => this.store.actions.setTarget(`class:${c.index}`)}
                            >
                                <span class="name">${name(c)}</span
                                ><span class="figures">${percent(c.probability)}</span>
                                <span
                                    class="bar"
                                    style=${styleMap({ '--p': String(c.probability) })}
                                ></span>
                            </button>
                        </li>`,
                )}
            </ul>
        </section>`;
    }
}
customElements.define('class-bars', ClassBars);

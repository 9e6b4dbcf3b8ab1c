// @ts-check
import { html, nothing } from 'lit';
import { styleMap } from 'lit/directives/style-map.js';
import { answerName, markAnswer } from './answer.js';
import { View } from './view.js';
import { canvasOf, paintPicture } from './paint.js';
import './map-canvas.js';
import { number, percent, seconds } from './format.js';

const UNNAMED = 'The file names no classes: drop a text with one name per line to name them.';

const LACKING = 'No answer: it lies beyond operators that are not supported, which are listed below.';

/** The answers with their probabilities. Clicking one makes it the target of every technique. */
export class ClassBars extends View {
    static watch = ['look', 'looking', 'target', 'network', 'specimen'];

    constructor() {
        super();
        /** @type {any} */
        this.outputOf = null;
        /** @type {any} */
        this.canvas = null;
    }

    updated() {
        if (this.querySelector('.classes')) markAnswer();
    }

    render() {
        const { look, looking, target, network, specimen } = this.state;
        if (!network || !specimen) return nothing;
        if (!look)
            return html`<p class="muted small" role="status">${looking ? 'Looking…' : ''}</p>`;
        if (!look.classes?.length)
            return look.output
                ? this.painted(look)
                : html`<p class="muted small">${network.lacking ? LACKING : 'This network gives no classes.'}</p>`;
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
                                <span class="name">${answerName(c)}</span
                                ><span class="figures">${percent(c.probability)}</span>
                                <span
                                    class="bar"
                                    style=${styleMap({ '--p': String(c.probability) })}
                                ></span>
                            </button>
                        </li>`,
                )}
            </ul>
            ${network.labels.length ? nothing : html`<p class="muted small">${UNNAMED}</p>`}
            ${
                look.nonfinite
                    ? html`<p class="error" role="alert">
                          Not every value is finite, from ${look.nonfinite} on.
                      </p>`
                    : nothing
            }
        </section>`;
    }

    /** The answer of a network that gives a picture. */
    painted({ output, seconds: time }) {
        if (this.outputOf !== output) {
            const { width, height, data, white } = output;
            this.outputOf = output;
            this.canvas = canvasOf(width, height, (image) =>
                paintPicture(image, data, 0, 0, white),
            );
        }
        return html`<section class="classes" data-testid="classes" aria-label="Answer">
            <h2>Answer <span class="muted figures">${seconds(time)}</span></h2>
            <map-canvas
                class="painted"
                .store=${this.store}
                .frame=${{ width: output.width, height: output.height }}
                .sheets=${[{ canvas: this.canvas, smooth: true }]}
                label="The picture that the network gives"
            ></map-canvas>
        </section>`;
    }
}
customElements.define('class-bars', ClassBars);

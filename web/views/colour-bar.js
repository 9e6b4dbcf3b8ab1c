// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { number } from './format.js';
import { tableOf } from './paint.js';

const MAPS = ['inferno', 'viridis', 'cividis', 'grey'];

/** The colours from low to high, with numbers, and the choice among the tables. */
export class ColourBar extends View {
    static properties = {
        ...View.properties,
        low: { attribute: false },
        high: { attribute: false },
        signed: { type: Boolean },
        note: { type: String },
        fixed: { type: Boolean },
        bare: { type: Boolean },
    };
    static watch = ['colours', 'scope'];

    constructor() {
        super();
        this.low = null;
        this.high = null;
        this.signed = false;
        this.note = '';
        /** The range is given: clipping would change nothing. */
        this.fixed = false;
        /** Colours and numbers only. */
        this.bare = false;
    }

    render() {
        return html`<div class="colour-bar">
            ${this.note ? html`<span class="muted note">${this.note}</span>` : nothing}
            <span class="figures">${this.low === null ? 'low' : number(this.low, 3)}</span>
            <canvas
                width="256"
                height="1"
                role="img"
                aria-label="Colours from ${number(this.low) || 'low'} to ${number(this.high) || 'high'}"
            ></canvas>
            <span class="figures">${this.high === null ? 'high' : number(this.high, 3)}</span>
            ${
                this.bare
                    ? nothing
                    : html`<colour-choice
                          .store=${this.store}
                          ?signed=${this.signed}
                          ?fixed=${this.fixed}
                      ></colour-choice>`
            }
        </div>`;
    }

    updated() {
        const canvas = /** @type {HTMLCanvasElement} */ (this.querySelector('canvas'));
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        const image = ctx.createImageData(256, 1);
        const table = tableOf(this.state, this.signed);
        for (let i = 0; i < 256; i++)
            image.data.set([table[3 * i], table[3 * i + 1], table[3 * i + 2], 255], 4 * i);
        ctx.putImageData(image, 0, 0);
    }
}
customElements.define('colour-bar', ColourBar);

/** Which colours, and whether outliers count. */
export class ColourChoice extends View {
    static properties = {
        ...View.properties,
        signed: { type: Boolean },
        fixed: { type: Boolean },
    };
    static watch = ['colours', 'clip'];

    constructor() {
        super();
        this.signed = false;
        this.fixed = false;
    }

    render() {
        const { colours, clip } = this.state;
        return html`${
            this.signed
                ? html`<span class="muted">blue − · red +</span>`
                : html`<select
                      aria-label="Colour map"
                      @change=${(e) => this.store.set({ colours: e.target.value })}
                  >
                      ${MAPS.map((m) => html`<option ?selected=${m === colours}>${m}</option>`)}
                  </select>`
        }
        ${
            this.fixed
                ? nothing
                : html`<label
                      class="flag"
                      title="Leave the outermost 2 % of the values out of the range"
                      ><input
                          type="checkbox"
                          .checked=${clip}
                          @change=${(e) => this.store.set({ clip: e.target.checked })}
                      /><span>${clip ? '2 % outliers clipped' : 'clip 2 % outliers'}</span></label
                  >`
        }`;
    }
}
customElements.define('colour-choice', ColourChoice);

// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { readPicture } from '../store/picture.js';

/** The pictures beyond the second of a technique that takes several. */
export class ExtraPictures extends View {
    static properties = { ...View.properties, most: { type: Number } };
    static watch = ['extras'];

    constructor() {
        super();
        this.most = 0;
    }

    render() {
        const { extras } = this.state;
        return html`<div class="extras" role="group" aria-label="Further pictures">
            ${extras.slice(0, this.most).map(
                (picture, i) =>
                    html`<button class="sample" title="Remove ${picture.name}" aria-label="Remove ${picture.name}" @click=${() => this.store.actions.removeExtra(i)}>
                        <canvas width="64" height="64"></canvas>
                    </button>`,
            )}
            ${
                extras.length < this.most
                    ? html`<button class="quiet small" @click=${this.pick}>${icons.picture} Add picture ${extras.length + 3}</button>`
                    : ''
            }
            <input class="hidden-input" type="file" multiple accept="image/*" tabindex="-1" aria-label="Further picture files" data-testid="input-extras" @change=${this.onPick} />
        </div>`;
    }

    updated() {
        this.querySelectorAll('canvas').forEach((canvas, i) => {
            const { canvas: from, width, height } = this.state.extras[i];
            const cut = Math.min(width, height);
            canvas.getContext('2d')?.drawImage(from, (width - cut) / 2, (height - cut) / 2, cut, cut, 0, 0, 64, 64);
        });
    }

    pick() {
        /** @type {HTMLInputElement} */ (this.querySelector('input[type=file]')).click();
    }

    async onPick(event) {
        const files = [...event.target.files];
        event.target.value = '';
        try {
            this.store.actions.addExtras(await Promise.all(files.map((f) => readPicture(f, f.name))));
        } catch (error) {
            this.store.set({ runError: /** @type {Error} */ (error).message });
        }
    }
}
customElements.define('extra-pictures', ExtraPictures);

// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { readPicture } from '../store/picture.js';
import { roleOf, valueOf } from '../store/techniques.js';

/** The pictures beyond the second of a technique that takes several. */
export class ExtraPictures extends View {
    static properties = { ...View.properties, most: { type: Number }, technique: { attribute: false } };
    static watch = ['extras', 'settings'];

    constructor() {
        super();
        this.most = 0;
        /** @type {any} */
        this.technique = null;
    }

    render() {
        const { extras } = this.state;
        return html`<div class="extras" role="group" aria-label="Further pictures">
            ${extras.slice(0, this.most).map(
                (picture, i) =>
                    html`<button class="sample extra" title="Remove ${picture.name}" aria-label="Remove the ${this.called(i)} ${picture.name}" @click=${() => this.store.actions.removeExtra(i)}>
                        <canvas width="64" height="64"></canvas><span class="figures">${this.called(i)}</span>
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

    /** Where one of them is a mask, that is the last. */
    called(i) {
        const { extras, settings } = this.state;
        const masked = this.technique?.parameters.some((p) => p.name === 'mask' && valueOf(p, settings));
        if (masked && i === Math.min(extras.length, this.most) - 1) return 'mask';
        return `${roleOf(this.technique, 1) || 'picture'} ${i + (roleOf(this.technique, 1) ? 2 : 3)}`;
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

// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import './picture-well.js';
import './network-well.js';
import './class-bars.js';
import './set-well.js';

/** Left: the picture, the answers and the network that gives them. */
export class ConvoSpecimen extends View {
    static watch = ['samples', 'picture'];

    render() {
        return html` <picture-well .store=${this.store}></picture-well>
            ${this.samples()}
            <set-well .store=${this.store}></set-well>
            <class-bars .store=${this.store}></class-bars>
            <network-well .store=${this.store}></network-well>`;
    }

    /** Room is kept for them until their list has come, so that the answer stays where it is. */
    samples() {
        const { samples, picture } = this.state;
        if (!samples) return html`<div class="samples"></div>`;
        if (!samples.length) return nothing;
        return html`<div class="samples" role="group" aria-label="Sample pictures">
            ${samples.map(
                (s) =>
                    html` <button
                        class="sample"
                        title="${s.title} · ${s.credit ?? ''}"
                        aria-pressed=${picture === `./samples/${s.file}`}
                        @click=${() => this.store.actions.openPicture(`./samples/${s.file}`, { name: s.title, credit: s.credit })}
                    >
                        <img
                            src="./samples/${s.file}"
                            alt=${s.title}
                            loading="lazy"
                            width="40"
                            height="40"
                        />
                    </button>`,
            )}
        </div>`;
    }
}
customElements.define('convo-specimen', ConvoSpecimen);

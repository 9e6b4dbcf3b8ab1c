// @ts-check
import { html } from 'lit';
import { View } from './view.js';

const SOURCES = {
    metadata: 'from the file',
    'MODEL.json': 'from MODEL.json',
    guess: 'guessed',
    asked: 'set by you',
};
/** @type {[string, string, string, string[]?][]} */
const FIELDS = [
    ['size', 'Size', 'height × width the picture is brought to, as 224x224'],
    ['channels', 'Channels', 'order of the colours', ['RGB', 'BGR']],
    ['mean', 'Mean', 'subtracted, one number per channel'],
    ['std', 'Deviation', 'divided by, one number per channel'],
    ['range', 'White', 'value of a white pixel before the mean is subtracted: 1 or 255'],
    [
        'resize',
        'Resize',
        'short: shorter side fits, middle is cut out; none: middle is cut out; stretch: both sides',
        ['short', 'none', 'stretch'],
    ],
];

/** What is done to a picture before the network sees it, open to change. */
export class PreProcessing extends View {
    static watch = ['network'];

    render() {
        const values = this.state.network.preprocessing ?? {};
        const guessed = values.source === 'guess';
        return html`<details class="preprocessing">
            <summary>
                Preprocessing
                <span class=${guessed ? 'warn' : 'muted'}>
                    ${SOURCES[values.source] ?? values.source ?? ''}</span
                >
            </summary>
            <form @submit=${this.apply}>
                ${FIELDS.map(
                    ([name, title, help, choices]) =>
                        html`<label title=${help}
                            ><span>${title}</span> ${
                                choices
                                    ? html`<select name=${name}>
                                          ${choices.map((c) => html`<option ?selected=${c === values[name]}>${c}</option>`)}
                                      </select>`
                                    : html`<input
                                          name=${name}
                                          .value=${values[name] ?? ''}
                                          autocomplete="off"
                                          spellcheck="false"
                                      />`
                            }</label
                        >`,
                )} <button>Apply</button>
            </form>
        </details>`;
    }

    apply(event) {
        event.preventDefault();
        this.store.actions.setPreprocessing(Object.fromEntries(new FormData(event.target)));
    }
}
customElements.define('pre-processing', PreProcessing);

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

/**
 * What the families of networks were trained with.
 * @type {Record<string, Record<string, string>>}
 */
const PRESETS = {
    'ImageNet (PyTorch)': {
        channels: 'RGB',
        range: '1',
        mean: '0.485,0.456,0.406',
        std: '0.229,0.224,0.225',
    },
    'Caffe, BGR': { channels: 'BGR', range: '255', mean: '104,117,123', std: '1,1,1' },
    '−1 to 1': { channels: 'RGB', range: '1', mean: '0.5,0.5,0.5', std: '0.5,0.5,0.5' },
    '0 to 1': { channels: 'RGB', range: '1', mean: '0,0,0', std: '1,1,1' },
    '0 to 255': { channels: 'RGB', range: '255', mean: '0,0,0', std: '1,1,1' },
};

/** Which family has these values. @param {Record<string, unknown>} values */
const presetOf = (values) =>
    Object.keys(PRESETS).find((name) =>
        Object.entries(PRESETS[name]).every(([key, value]) => String(values[key]) === value),
    );

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
            ${guessed && values.reason ? html`<p class="muted">Guessed: ${values.reason}.</p>` : ''}
            <form @submit=${this.apply} @change=${this.edited}>
                ${
                    ['RGB', 'BGR'].includes(values.channels)
                        ? html`<label title="what the families of networks were trained with"
                              ><span>Family</span
                              ><select data-testid="preset" @change=${this.preset}>
                                  <option ?selected=${!presetOf(values)} disabled>other</option>
                                  ${Object.keys(PRESETS).map((name) => html`<option ?selected=${name === presetOf(values)}>${name}</option>`)}
                              </select></label
                          >`
                        : ''
                }
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

    /** @param {Event & {target: HTMLSelectElement}} event */
    preset(event) {
        event.stopPropagation();
        this.store.actions.setPreprocessing(PRESETS[event.target.value]);
    }

    /**
     * Each change runs the network again: the answers above are the check.
     * @param {Event & {target: HTMLInputElement}} event
     */
    edited(event) {
        const { name, value } = event.target;
        if (name) this.store.actions.setPreprocessing({ [name]: value });
    }

    apply(event) {
        event.preventDefault();
        this.store.actions.setPreprocessing(Object.fromEntries(new FormData(event.target)));
    }
}
customElements.define('pre-processing', PreProcessing);

// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { iconButton } from './controls.js';
import { framesOf, pictureOf } from './saved.js';

const NUMBERS = [
    ['npy', '.npy', 'The numbers, for NumPy'],
    ['csv', '.csv', 'The numbers, for spreadsheets'],
];

/** The line that makes a frame again, to be copied. @param {import('../store/store.js').Store} store @param {any} frame */
export function commandBox({ actions }, frame) {
    return html`<span class="command">
        <code class="figures" tabindex="0" data-testid="command" title="The command line that makes it again"
            >${actions.commandLine(frame.id)}</code
        >
        ${iconButton('copy', 'Copy the command line', () => actions.copyCommand(frame.id), { title: 'Copy the command line that makes it again', hook: 'copy-command' })}
    </span>`;
}

/** What can be kept of a result: the picture, the film, the numbers, and the line that makes it again. */
export class ResultSave extends View {
    static properties = {
        ...View.properties,
        frame: { attribute: false },
        item: { attribute: false },
    };
    static watch = ['overlay'];

    constructor() {
        super();
        /** @type {any} */
        this.frame = null;
        /** @type {any} */
        this.item = null;
    }

    render() {
        const { frame, item } = this;
        const { actions } = this.store;
        const button = (id, text, title, act) =>
            html`<button
                class="small"
                title=${title}
                aria-label="Save ${text}: ${title}"
                data-testid="save-${id}"
                @click=${act}
            >
                ${text}
            </button>`;
        const moves = item.kind === 'film' || item.kind === 'tiles';
        return html`<div class="save">
            <span class="row" role="group" aria-label="Save">
                <span class="muted">Save</span>
                ${item.kind === 'table' ? nothing : button('png', 'PNG', item.kind === 'film' ? 'This frame as a picture' : 'The picture, as it is drawn', () => this.savePng())}
                ${moves ? button('gif', 'GIF', item.kind === 'film' ? 'The film' : 'The tiles, one after the other', () => this.saveGif()) : nothing}
                ${NUMBERS.filter(([id]) => id !== 'csv' || item.kind !== 'film').map(([id, text, title]) => button(id, text, title, () => actions.saveNumbers(frame.id, id)))}
            </span>
            ${commandBox(this.store, frame)}
        </div>`;
    }

    savePng() {
        const { item, frame, state } = this;
        const canvas =
            item.kind === 'curve' || item.kind === 'points'
                ? this.parentElement?.querySelector(':is(line-chart, point-cloud) canvas')
                : pictureOf(frame, item, state);
        this.store.actions.savePng(frame.id, canvas);
    }

    saveGif() {
        this.store.actions.saveGif(this.frame.id, framesOf(this.item, this.state));
    }
}
customElements.define('result-save', ResultSave);

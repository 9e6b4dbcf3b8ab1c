// @ts-check
import { html, svg } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';

/** Sheets of a network, from a picture to a row of answers, as an invitation to drop one. */
export class EmptyView extends View {
    static watch = ['opening', 'scope'];

    render() {
        const { opening, scope, failure } = this.state;
        return html`<div class="empty">
            ${this.figure()}
            <h2>Open a network and see what it sees</h2>
            <p>
                Drop an <b>.onnx</b> file anywhere on this page: any convolutional network, from
                PyTorch, Keras or TensorFlow. It is read and run here, in your browser; nothing is
                sent anywhere.
            </p>
            <p class="row">
                <button
                    class="primary"
                    ?disabled=${!scope || opening}
                    @click=${() => this.pick('input-network')}
                >
                    ${icons.open}
                    ${failure ? 'The engine did not start' : opening ? 'Opening…' : 'Choose a network'}
                </button>
                <button @click=${() => this.store.set({ dialog: 'library' })}>
                    ${icons.library} From the library
                </button>
                <button @click=${() => this.pick('input-picture')}>
                    ${icons.picture} Choose a picture
                </button>
            </p>
            <ol class="steps">
                <li>
                    <b>Look</b> The layers, from the picture to the answer, and what each holds for
                    your picture.
                </li>
                <li><b>Ask</b> Why this answer? What does a unit look for? Can it be fooled?</li>
                <li><b>Keep</b> Every result stays on the film strip, with its settings.</li>
            </ol>
        </div>`;
    }

    figure() {
        // Each stage is a sheaf of sheets: smaller and deeper towards the answer.
        const stages = [
            [96, 3, 12],
            [72, 5, 112],
            [50, 7, 208],
            [34, 9, 292],
            [22, 11, 366],
        ];
        const sheet = (x, y, size, front) =>
            svg`<rect class=${front ? 'front' : ''} x=${x} y=${y} width=${size} height=${size} />`;
        const sheaf = (/** @type {number[]} */ stage) =>
            Array.from({ length: stage[1] }, (_, i) => {
                const [size, n, x] = stage;
                const k = n - 1 - i;
                return sheet(x + k * 3.2, 76 - size / 2 - k * 2.6, size, i === n - 1);
            });
        const cone = (
            a,
            b,
        ) => svg`<path class="cone" d="M${a[2] + a[0] * 0.62} ${76 - a[0] * 0.14}L${b[2] + b[0] / 2} 76L${a[2] + a[0] * 0.62} ${76 + a[0] * 0.14}" />
            <rect class="cell" x=${a[2] + a[0] * 0.62 - a[0] * 0.14} y=${76 - a[0] * 0.14} width=${a[0] * 0.28} height=${a[0] * 0.28} />`;
        return svg`<svg class="figure" viewBox="0 0 480 140" role="img" aria-label="A picture passes through layers of maps to an answer">
            ${stages.map(sheaf)}
            ${stages.slice(0, -1).map((s, i) => cone(s, stages[i + 1]))}
            <rect class="cell" x="375" y="74" width="4" height="4" />
            ${[30, 12, 7, 18, 5, 9].map((w, i) => svg`<rect class="bar ${i === 0 ? 'best' : ''}" x="436" y=${50 + i * 9} width=${w} height="4" />`)}
        </svg>`;
    }

    pick(hook) {
        /** @type {HTMLElement | null} */ (
            document.querySelector(`[data-testid=${hook}]`)
        )?.click();
    }
}
customElements.define('empty-view', EmptyView);

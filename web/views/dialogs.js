// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { bytes } from './format.js';
import './library.js';

/** @type {[string, [string, string][]][]} */
const KEYS = [
    [
        'Everywhere',
        [
            ['?', 'these keys'],
            ['1 2 3', 'go to specimen, network, bench'],
            ['O', 'open a network'],
            ['L', 'networks to open with no file at hand'],
            ['P', 'open a picture'],
            ['N', 'see what the network receives'],
            ['T', 'theme: system, dark, light'],
        ],
    ],
    [
        'In the network',
        [
            ['↑ ↓', 'move along the layers'],
            ['← →', 'fold and unfold a block'],
            ['Enter', 'go in'],
            ['Esc', 'go up'],
            ['[ ]', 'previous, next layer or channel'],
            ['Arrows', 'move over the tiles'],
        ],
    ],
    [
        'On pictures',
        [
            ['+ − 0', 'zoom in, out, all'],
            ['Arrows', 'move when zoomed, else the cell'],
            ['Wheel Drag', 'zoom and move'],
        ],
    ],
    [
        'Painting strokes',
        [
            ['Arrows', 'move the brush; Shift: finely'],
            ['Space', 'put it down, lift it'],
            ['O B E', 'object, background, erase'],
            ['[ ]', 'smaller, larger'],
            ['Ctrl Z', 'undo; with Shift: redo'],
            ['Right Middle', 'buttons: the other side; move when zoomed'],
        ],
    ],
    [
        'On the bench',
        [
            ['R', 'run'],
            ['C', 'cancel; the partial result stays'],
            ['S', 'star the result'],
            ['V', 'the chosen frames, or several methods, side by side'],
            ['Del', 'remove a frame'],
        ],
    ],
];

/** What the dialogs are called. */
const TITLES = { keys: 'Keys', privacy: 'Privacy', library: 'Networks' };

/** The keys, the library, and the proof that nothing leaves this computer. */
export class ConvoDialogs extends View {
    static watch = ['dialog', 'fetched'];

    render() {
        const { dialog } = this.state;
        return html`<dialog
            @close=${this.onClose}
            @click=${this.onClick}
            aria-label=${TITLES[dialog] ?? ''}
            data-testid="dialog-${dialog}"
        >
            ${
                dialog
                    ? html`<div class="dialog-body">
                          <button
                              class="icon-button dialog-close"
                              aria-label="Close"
                              @click=${() => this.querySelector('dialog')?.close()}
                          >
                              ${icons.close}
                          </button>
                          ${this.body(dialog)}
                      </div>`
                    : nothing
            }
        </dialog>`;
    }

    updated() {
        const dialog = /** @type {HTMLDialogElement} */ (this.querySelector('dialog'));
        if (this.state.dialog && !dialog.open) dialog.showModal();
        else if (!this.state.dialog && dialog.open) dialog.close();
        clearInterval(this.timer);
        if (this.state.dialog === 'privacy')
            this.timer = setInterval(() => this.requestUpdate(), 1000);
    }

    /** The event comes late: another dialog may have been opened meanwhile. */
    onClose(event) {
        if (!event.target.open) this.store.set({ dialog: '' });
    }

    onClick(event) {
        if (event.target.tagName === 'DIALOG') event.target.close();
    }

    body(dialog) {
        if (dialog === 'keys') return this.keys();
        if (dialog === 'library')
            return html`<network-library .store=${this.store}></network-library>`;
        return this.privacy();
    }

    keys() {
        return html`<h2>Keys</h2>
            <div class="keys">
                ${KEYS.map(
                    ([title, list]) =>
                        html`<section>
                            <h3>${title}</h3>
                            <dl>
                                ${list.map(
                                    ([key, text]) =>
                                        html`<div>
                                            <dt>
                                                ${key.split(' ').map((k) => html`<kbd>${k}</kbd> `)}
                                            </dt>
                                            <dd>${text}</dd>
                                        </div>`,
                                )}
                            </dl>
                        </section>`,
                )}
            </div>`;
    }

    privacy() {
        const requests = /** @type {PerformanceResourceTiming[]} */ (
            performance.getEntriesByType('resource')
        );
        const here = requests.filter(
            (r) =>
                new URL(r.name).origin === location.origin ||
                r.name.startsWith('blob:') ||
                r.name.startsWith('data:'),
        );
        const others = requests.filter((r) => !here.includes(r));
        // What the library's worker fetched is not in the page's own list.
        const asked = this.state.fetched.map((f) => ({
            name: f.address,
            initiatorType: 'you, in the library',
            transferSize: f.bytes,
        }));
        const rows = [...requests.slice(-60), ...asked].reverse();
        const elsewhere = others.length + asked.length;
        return html`<h2>Your pictures and networks never leave this computer</h2>
            <p>
                Everything is computed in this tab. These are all the requests that the page has
                made, as the browser counts them; the page's own security policy forbids any other
                address, and there is no upload among them. Only networks of the library, and only
                when you ask for one, come from elsewhere; they are listed too.
            </p>
            <p class="row tally">
                <span
                    ><b class="figures">${requests.length + asked.length}</b> requests</span
                >
                <span><b class="figures">${here.length}</b> to ${location.host}</span>
                <span class=${elsewhere ? 'warn' : ''}
                    ><b class="figures" data-testid="elsewhere">${elsewhere}</b> elsewhere</span
                >
            </p>
            <div class="requests" tabindex="0" role="region" aria-label="Requests">
                <table>
                    <thead>
                        <tr>
                            <th>file</th>
                            <th>asked by</th>
                            <th class="figures">received</th>
                        </tr>
                    </thead>
                    <tbody>
                        ${rows.map(
                            (r) =>
                                html`<tr class=${others.includes(r) || asked.includes(r) ? 'warn' : ''}>
                                    <td title=${r.name}>${r.name.replace(location.origin, '')}</td>
                                    <td>${r.initiatorType}</td>
                                    <td class="figures">
                                        ${bytes(r.transferSize || r.encodedBodySize || 0)}
                                    </td>
                                </tr>`,
                        )}
                    </tbody>
                </table>
            </div>
            <p class="muted small">
                This browser keeps the networks that you fetched and, as numbers, what networks said
                of your sets of pictures, so that comparing them again begins at once. The list of
                networks shows how much that is, and removes it.
            </p>
            <p class="muted small">
                To be sure, disconnect from the network now: the page goes on working.
            </p>`;
    }
}
customElements.define('convo-dialogs', ConvoDialogs);

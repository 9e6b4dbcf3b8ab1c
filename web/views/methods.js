// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { percent } from './format.js';

/** Techniques that explain an answer by a picture of the picture's size. */
const explains = (t) =>
    t.question === 'why' &&
    t.pictures === 1 &&
    ['map', 'image'].includes(t.returns) &&
    t.parameters.some((p) => p.type === 'target');

/** Which methods are put side by side; one after the other they run for the same picture and target. */
export class MethodPicker extends View {
    static watch = ['methods', 'scope', 'batch', 'running', 'network', 'specimen', 'target'];

    render() {
        const { scope, methods, batch } = this.state;
        const list = scope?.techniques.filter(explains) ?? [];
        const chosen = list.filter((t) => methods.includes(t.id));
        return html`<div class="methods" role="group" aria-label="Methods">
            ${list.map(
                (t) =>
                    html`<button
                        class="chip"
                        aria-pressed=${methods.includes(t.id)}
                        title=${t.sentence}
                        data-testid="method-${t.id}"
                        @click=${() => this.toggle(t.id)}
                    >
                        ${t.title}
                    </button>`,
            )}
            ${batch ? this.progress(batch) : this.start(chosen)}
        </div>`;
    }

    start(chosen) {
        const reason = chosen.map((t) => this.store.actions.missing(t.id)).find(Boolean);
        return html`<button
            class="primary"
            data-testid="run-methods"
            title=${reason || nothing}
            ?disabled=${!chosen.length || Boolean(reason)}
            @click=${() => this.store.actions.runMethods()}
        >
            ${icons.run} Run ${chosen.length === 1 ? 'one method' : `${chosen.length} methods`}
        </button>`;
    }

    progress({ at, total }) {
        const done = this.state.running?.done || 0;
        return html`<span class="batch" role="status">
            <progress max=${total} .value=${at + done} aria-label="Progress of all methods"></progress>
            <span class="figures">${at + 1} of ${total}, ${percent(done)}</span>
            <button class="stop" data-testid="cancel-methods" @click=${() => this.store.actions.cancel()}>
                ${icons.stop} Cancel
            </button>
        </span>`;
    }

    /** In the order of the table, whatever the order of the clicks. */
    toggle(id) {
        const { methods, scope } = this.state;
        const on = methods.includes(id) ? methods.filter((m) => m !== id) : [...methods, id];
        this.store.set({
            methods: scope.techniques.map((t) => t.id).filter((m) => on.includes(m)),
        });
    }
}
customElements.define('method-picker', MethodPicker);

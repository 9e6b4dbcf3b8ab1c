// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import './header.js';
import './specimen.js';
import './network.js';
import './bench.js';
import './film-strip.js';
import './dialogs.js';

const PLACES = [
    ['specimen', 'Specimen'],
    ['network', 'Network'],
    ['bench', 'Bench'],
];

/** The whole page: three places, a film strip below, and the keys that work everywhere. */
export class ConvoApp extends View {
    static watch = ['place', 'toast', 'failure'];

    connectedCallback() {
        super.connectedCallback();
        this.onKey = this.onKey.bind(this);
        this.swallow = this.swallow.bind(this);
        window.addEventListener('keydown', this.onKey);
        window.addEventListener('dragover', this.swallow);
        window.addEventListener('drop', this.swallow);
        window.addEventListener('paste', (this.onPaste = this.onPaste.bind(this)));
    }

    disconnectedCallback() {
        super.disconnectedCallback();
        window.removeEventListener('keydown', this.onKey);
        window.removeEventListener('dragover', this.swallow);
        window.removeEventListener('drop', this.swallow);
        window.removeEventListener('paste', this.onPaste);
    }

    render() {
        const { place, failure, toast } = this.state;
        return html` <convo-header .store=${this.store}></convo-header>
            <nav class="places" role="tablist" aria-label="Places">
                ${PLACES.map(
                    ([id, title]) =>
                        html` <button
                            role="tab"
                            id="tab-${id}"
                            aria-selected=${place === id}
                            aria-controls="place-${id}"
                            data-testid="tab-${id}"
                            @click=${() => this.store.set({ place: id })}
                        >
                            ${title}
                        </button>`,
                )}
            </nav>
            <main data-place=${place}>
                <section id="place-specimen" class="place" aria-label="Specimen">
                    <convo-specimen .store=${this.store}></convo-specimen>
                </section>
                <section id="place-network" class="place" aria-label="Network">
                    ${failure ? html`<p class="failure error" data-testid="error" role="alert">${failure}</p>` : nothing}
                    <convo-network .store=${this.store}></convo-network>
                </section>
                <section id="place-bench" class="place" aria-label="Bench">
                    <convo-bench .store=${this.store}></convo-bench>
                </section>
            </main>
            <film-strip .store=${this.store}></film-strip>
            <convo-dialogs .store=${this.store}></convo-dialogs>
            <p class="toast" role="status" ?hidden=${!toast}>${toast}</p>`;
    }

    /** Anything dropped anywhere finds its place: a picture is a picture, the rest is a network. */
    swallow(event) {
        if (![...(event.dataTransfer?.types ?? [])].includes('Files')) return;
        event.preventDefault();
        if (event.type !== 'drop') return;
        this.store.actions.openFiles(event.dataTransfer.files);
    }

    onPaste(event) {
        if (event.target.matches?.('input, textarea')) return;
        const file = [...(event.clipboardData?.files ?? [])].find((f) =>
            f.type.startsWith('image/'),
        );
        if (file) this.store.actions.openPicture(file);
    }

    onKey(event) {
        const typing = event.target.matches?.(
            'input:not([type=range]):not([type=checkbox]), select, textarea',
        );
        if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented)
            return;
        if (document.querySelector('dialog[open]')) return;
        const { actions, state } = this.store;
        const keys = {
            '?': () => this.store.set({ dialog: 'keys' }),
            Escape: () => actions.up(),
            '[': () => actions.step(-1),
            ']': () => actions.step(1),
            r: () => actions.run(),
            c: () => actions.cancel(),
            o: () => this.click('input-network'),
            l: () => this.store.set({ dialog: 'library' }),
            p: () => this.click('input-picture'),
            n: () => this.store.set({ received: !state.received }),
            v: () => actions.compare(),
            s: () => state.shown && actions.star(state.shown),
            t: () =>
                actions.setTheme({ system: 'dark', dark: 'light', light: 'system' }[state.theme]),
            1: () => this.focusPlace('specimen'),
            2: () => this.focusPlace('network'),
            3: () => this.focusPlace('bench'),
        };
        const act = keys[event.key];
        if (!act) return;
        event.preventDefault();
        act();
    }

    click(hook) {
        /** @type {HTMLElement | null} */ (this.querySelector(`[data-testid=${hook}]`))?.click();
    }

    async focusPlace(place) {
        this.store.set({ place });
        await this.updateComplete;
        const inside = this.querySelectorAll(
            `#place-${place} :is(button, input, canvas[tabindex="0"], select, summary)`,
        );
        const first = [...inside].find(
            (e) =>
                /** @type {HTMLElement} */ (e).offsetParent &&
                !e.matches(':disabled, .hidden-input'),
        );
        /** @type {HTMLElement | undefined} */ (first)?.focus();
    }
}
customElements.define('convo-app', ConvoApp);

// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { iconButton } from './controls.js';
import { bytes, percent } from './format.js';

const hostOf = (address) => new URL(address).host;

/** Networks to open with no file at hand: those of the page, those kept here, and those that can be fetched. */
export class NetworkLibrary extends View {
    static watch = ['bundled', 'library', 'kept', 'features', 'fetching', 'libraryError', 'offline'];

    connectedCallback() {
        super.connectedCallback();
        this.store.actions.readFeatures();
    }

    render() {
        const { bundled, library, kept, libraryError, offline } = this.state;
        const here = library.filter((n) => kept.includes(n.id));
        const there = library.filter((n) => !kept.includes(n.id));
        const hosts = [...new Set(library.map((n) => hostOf(n.address)))].join(', ');
        return html`<h2>Networks</h2>
            ${libraryError ? html`<p class="error" role="alert" data-testid="library-error">${libraryError}</p>` : nothing}
            <div class="library" tabindex="0" role="region" aria-label="Networks">
                ${this.group('With this page', bundled.map((n) => this.bundledRow(n)))}
                ${this.group('On this computer', [...here.map((n) => this.row(n, true)), ...this.featuresRows()])}
                ${this.group(offline ? 'To be fetched, when you are online again' : 'To be fetched', there.map((n) => this.row(n, false)))}
            </div>
            ${
                library.length
                    ? html`<p class="muted small">
                          Nothing is fetched until you ask. Then the file comes from ${hosts}, which
                          learns your address and which file you want, as with any download, and
                          nothing else: your pictures and your own networks stay here. It is kept in
                          this browser only if its SHA-256 is the one that the library knows.
                      </p>`
                    : nothing
            }`;
    }

    group(title, rows) {
        return rows.length
            ? html`<section>
                  <h3>${title}</h3>
                  <ul>
                      ${rows}
                  </ul>
              </section>`
            : nothing;
    }

    bundledRow(n) {
        return html`<li data-testid="library-row" data-network=${n.id}>
            <div><b>${n.title}</b> <span class="muted">${n.about ?? ''}</span></div>
            <span class="figures muted">${bytes(n.bytes)}</span>
            <span class="acts"
                ><button data-testid="library-open" @click=${() => this.store.actions.openBundled(n.file)}>
                    Open
                </button></span
            >
        </li>`;
    }

    /** What is kept with networks rather than a network; none where nothing is. */
    featuresRows() {
        const { features } = this.state;
        if (!features.bytes) return [];
        const whose = features.networks === 1 ? 'a network' : `${features.networks} networks`;
        return [
            html`<li data-testid="features-row">
                <div>
                    <b>Features of pictures</b>
                    <span class="muted"
                        >what ${whose} said of your sets of pictures, so that comparing them again
                        begins at once</span
                    >
                </div>
                <span class="figures muted">${bytes(features.bytes)}</span>
                <span class="acts"
                    >${iconButton('trash', 'Remove the features of pictures', () => this.store.actions.removeFeatures(), { title: 'Remove from this browser', hook: 'features-remove' })}</span
                >
            </li>`,
        ];
    }

    row(n, here) {
        const { fetching, offline } = this.state;
        const { actions } = this.store;
        const mine = fetching?.id === n.id;
        return html`<li data-testid="library-row" data-network=${n.id} title="SHA-256 ${n.sha256}">
            <div>
                <b>${n.title}</b> <span class="muted">${n.about}</span>
                ${mine ? html`<progress max=${n.bytes} .value=${fetching.got} aria-label="Fetching ${n.title}"></progress>` : nothing}
            </div>
            <span class="figures muted"
                >${mine ? percent(fetching.got / n.bytes) : bytes(n.bytes)}<br /><small
                    >${n.licence}</small
                ></span
            >
            <span class="acts">
                ${
                    mine
                        ? html`<button class="stop" data-testid="library-cancel" @click=${() => actions.cancelFetch()}>
                              ${icons.stop} Cancel
                          </button>`
                        : here
                          ? html`<button data-testid="library-open" @click=${() => actions.openKept(n.id)}>Open</button>
                                ${iconButton('trash', `Remove ${n.title}`, () => actions.removeKept(n.id), { title: 'Remove from this browser', hook: 'library-remove' })}`
                          : html`<button
                                data-testid="library-fetch"
                                ?disabled=${offline || Boolean(fetching)}
                                title=${offline ? 'You are offline' : `Fetch from ${hostOf(n.address)}, check, keep and open`}
                                aria-label="Fetch ${n.title}, ${bytes(n.bytes)}"
                                @click=${() => actions.fetchNetwork(n.id)}
                            >
                                ${icons.save} Fetch
                            </button>`
                }
            </span>
        </li>`;
    }
}
customElements.define('network-library', NetworkLibrary);

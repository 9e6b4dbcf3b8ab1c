// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { QUESTIONS, mostPictures, needsPainter, takesSet, targetText } from '../store/techniques.js';
import { icons } from './icons.js';
import { percent, seconds } from './format.js';
import './parameter.js';
import './picture-well.js';
import './extra-pictures.js';
import './set-well.js';

/** Right: the techniques by the question that they answer, the chosen one open with its controls. */
export class ConvoBench extends View {
    static watch = [
        'scope',
        'technique',
        'settings',
        'target',
        'network',
        'specimen',
        'second',
        'extras',
        'set',
        'reading',
        'running',
        'runError',
        'look',
        'bundled',
    ];

    constructor() {
        super();
        /** What was open at the last drawing. */
        this.was = '';
    }

    /** What opens is seen, whether the address bar, a unit or a click under a long one that closed has opened it. */
    updated() {
        const { technique } = this.state;
        const bench = this.querySelector('.bench');
        const head = this.querySelector('li.open .technique');
        if (!bench || !head || technique === this.was) return;
        this.was = technique;
        const [{ top, bottom }, box] = [head.getBoundingClientRect(), bench.getBoundingClientRect()];
        if (top < box.top || bottom > box.bottom - box.height / 3) bench.scrollTop += top - box.top - 10;
    }

    render() {
        const { scope, technique } = this.state;
        if (!scope) return html`<div class="bench" data-testid="bench"></div>`;
        const groups = QUESTIONS.map(([id, title]) => [
            title,
            scope.techniques.filter((t) => t.question === id),
        ]);
        return html`<div class="bench" data-testid="bench">
                ${groups.map(([title, list]) =>
                    list.length
                        ? html`<section>
                              <h2>
                                  ${title}
                                  ${
                                      list.some((t) => t.question === 'why')
                                          ? html`<button
                                                class="quiet small"
                                                data-testid="methods"
                                                title="Put several methods side by side"
                                                @click=${() => this.store.actions.compare()}
                                            >
                                                ${icons.compare} Side by side
                                            </button>`
                                          : nothing
                                  }
                              </h2>
                              <ul>
                                  ${list.map(
                                      (t) =>
                                          html`<li class=${t.id === technique ? 'open' : ''}>
                                              <button
                                                  class="technique"
                                                  aria-expanded=${t.id === technique}
                                                  data-testid="technique-${t.id}"
                                                  title=${t.sentence}
                                                  @click=${() => this.store.actions.choose(t.id)}
                                              >
                                                  <span
                                                      >${t.title}<span class="muted says"
                                                          >${t.id === technique ? nothing : t.sentence}</span
                                                      ></span
                                                  >${icons.chevron}
                                              </button>
                                              ${t.id === technique ? this.opened(t) : nothing}
                                          </li>`,
                                  )}
                              </ul>
                          </section>`
                        : nothing,
                )}
            </div>
            ${this.foot()}`;
    }

    /** Wells for the pictures beyond the specimen, or for the set. */
    pictures(t) {
        if (takesSet(t)) return html`<set-well .store=${this.store}></set-well>`;
        const most = mostPictures(t);
        if (most < 2) return nothing;
        return html`<picture-well class="second" .store=${this.store} .technique=${t} second></picture-well>
            ${most > 2 ? html`<extra-pictures .store=${this.store} .most=${most - 2} .technique=${t}></extra-pictures>` : nothing}`;
    }

    /** Networks that paint and come with the page: one click each, also to go from one style to another. */
    painters(t) {
        const painters = this.state.bundled.filter(({ id }) => id.startsWith('style-'));
        if (!needsPainter(t) || !painters.length) return nothing;
        return html`<div class="row" role="group" aria-label="Networks that paint">
            ${painters.map(
                ({ id, file, title, about }) =>
                    html`<button
                        class="chip"
                        data-testid="painter-${id}"
                        title=${about}
                        aria-pressed=${this.state.network?.name === file}
                        @click=${() => this.store.actions.openBundled(file)}
                    >
                        ${title.replace(/^Style: /, '')}
                    </button>`,
            )}
        </div>`;
    }

    opened(t) {
        const plain = t.parameters.filter((p) => !p.advanced);
        const folded = t.parameters.filter((p) => p.advanced);
        const control = (p) =>
            html`<param-control .store=${this.store} .parameter=${p}></param-control>`;
        return html`<div class="technique-body">
            <p>${t.sentence}</p>
            ${this.painters(t)} ${this.pictures(t)}
            ${plain.map(control)}
            ${
                folded.length
                    ? html`<details>
                          <summary>More controls</summary>
                          ${folded.map(control)}
                      </details>`
                    : nothing
            }
            <details class="about">
                <summary>How to read it</summary>
                ${t.read ? html`<p>${t.read}</p>` : nothing}
                ${t.limits ? html`<p><b>Limits.</b> ${t.limits}</p>` : nothing}
                <p class="muted paper">${t.paper}</p>
            </details>
            ${
                t.ask
                    ? html`<details class="about asked">
                          <summary>${t.ask}</summary>
                          <p>${t.answer}</p>
                      </details>`
                    : nothing
            }
        </div>`;
    }

    foot() {
        const { running, technique, scope, runError, target, network, look } = this.state;
        const chosen = scope.techniques.find((t) => t.id === technique);
        if (!chosen && !running) return nothing;
        const reason = this.store.actions.missing();
        const aims = chosen?.parameters.some((p) => p.type === 'target');
        return html`<footer class="run-box">
            ${runError ? html`<p class="error" data-testid="error" role="alert">${runError}</p>` : nothing}
            ${
                running
                    ? html`<div class="progress" data-testid="progress">
                              <span
                                  >${scope.techniques.find((t) => t.id === running.technique)?.title}</span
                              >
                              <span class="figures muted" role="status"
                                  >${percent(running.done)}${Number.isFinite(running.remaining) && running.done < 1 ? ` · ${seconds(running.remaining)} left` : ''}</span
                              >
                              <progress
                                  max="1"
                                  .value=${running.done || 0}
                                  aria-label="Progress"
                              ></progress>
                          </div>
                          <button
                              class="stop"
                              data-testid="cancel"
                              @click=${() => this.store.actions.cancel()}
                          >
                              ${icons.stop} Cancel <kbd>C</kbd>
                          </button>`
                    : html`${reason || aims ? html`<p class="muted aim">${reason || html`${icons.aim} ${targetText(target, network, look)}`}</p>` : nothing}
                          <button
                              class="primary"
                              data-testid="run"
                              ?disabled=${Boolean(reason)}
                              @click=${() => this.store.actions.run()}
                          >
                              ${icons.run} Run <kbd>R</kbd>
                          </button>`
            }
        </footer>`;
    }
}
customElements.define('convo-bench', ConvoBench);

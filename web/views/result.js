// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { number, percent, seconds } from './format.js';
import { inWords } from './paint.js';
import { itemRange, sheetsOf } from './draw-result.js';
import { iconButton, overlaySlider } from './controls.js';
import { changesText, strokesOf } from '../store/techniques.js';
import './item-strip.js';
import './map-canvas.js';
import './result-tiles.js';
import './result-table.js';
import './point-cloud.js';
import './colour-bar.js';
import './line-chart.js';
import './film-player.js';
import './result-save.js';

/** How many figures of a result are shown at once. */
const SHOWN = 4;

/** One frame of the film strip, large, with its numbers. */
export class ResultView extends View {
    static properties = { ...View.properties, at: { state: true } };
    static watch = ['shown', 'frames', 'item', 'overlay', 'colours', 'clip', 'tile', 'running'];

    constructor() {
        super();
        /** @type {string} what is pointed at, in words */
        this.at = '';
    }

    get frame() {
        return this.state.frames.find((f) => f.id === this.state.shown);
    }

    render() {
        const { frame } = this;
        if (!frame) return nothing;
        const { actions } = this.store;
        const items = frame.result?.items ?? [];
        const paintable = strokesOf(this.state.scope.techniques.find((t) => t.id === frame.technique)) && frame.input === this.state.look?.input;
        const item = items[Math.min(this.state.item, items.length - 1)];
        const settings = changesText(frame).join(', ');
        const { running } = this.state;
        const state = frame.busy
            ? `running ${percent(running?.done ?? 0)}`
            : frame.result?.partial
              ? 'partial: cancelled'
              : seconds(frame.result?.seconds);
        return html`<header class="view-head">
                <div>
                    <h2>
                        ${frame.title}${frame.aims ? html` <span class="muted">of ${frame.targetText}</span>` : nothing}
                    </h2>
                    <p class="muted figures">
                        ${[frame.pictures.join(' + '), frame.network, settings, state].filter(Boolean).join(' · ')}
                    </p>
                </div>
                <span class="nav" role="toolbar" aria-label="What to do with the result">
                    ${frame.busy ? iconButton('stop', 'Cancel', () => actions.cancel(), { title: 'Cancel  C', hook: 'stop' }) : nothing}
                    ${paintable ? iconButton('brush', 'Paint over the picture what is object and what is not', () => actions.openBrush(frame.id), { hook: 'open-brush' }) : nothing}
                    ${iconButton('star', 'Star', () => actions.star(frame.id), { title: 'Star  S', pressed: frame.starred, kind: 'star' })}
                    ${iconButton('recall', 'Put its settings on the bench', () => actions.recall(frame.id))}
                    ${iconButton('close', 'Close', () => actions.up(), { title: 'Back to the network  Esc' })}</span
                >
            </header>
            ${items.length > 1 ? html`<item-strip .store=${this.store} .items=${items}></item-strip>` : nothing}
            <div class="result ${frame.busy ? 'live' : ''}">
                ${item ? this.drawn(frame, item) : html`<p class="hint">${frame.busy ? 'Working…' : ''}</p>`}
            </div>
            ${facts((frame.result?.facts ?? []).filter((f) => !(frame.aims && f.name === 'target')))}
            ${item && !frame.busy ? html`<result-save .store=${this.store} .frame=${frame} .item=${item}></result-save>` : nothing}`;
    }

    drawn(frame, item) {
        if (item.kind === 'curve')
            return html`<line-chart
                .store=${this.store}
                .item=${item}
                hook="result-canvas"
            ></line-chart>`;
        if (item.kind === 'film')
            return html`<film-player
                .store=${this.store}
                .item=${item}
                label="${frame.title}: ${item.title}"
            ></film-player>`;
        if (item.kind === 'points')
            return html`<point-cloud
                .store=${this.store}
                .item=${item}
                .set=${frame.set}
                label=${frame.title}
            ></point-cloud>`;
        if (item.kind === 'table')
            return html`<result-table .store=${this.store} .item=${item}></result-table>`;
        if (item.kind === 'tiles')
            return html`<result-tiles .store=${this.store} .item=${item}></result-tiles>`;
        const { frame: box, sheets } = sheetsOf(frame, item, this.state);
        const map = item.kind === 'map';
        const [height, width] = item.shape.slice(-2);
        const words = map && !frame.busy ? inWords(item.data, height, width) : null;
        const [low, high] = map ? itemRange(item, this.state.clip) : [0, 1];
        const { overlay } = this.state;
        return html`<map-canvas
                .store=${this.store}
                zoomable
                .frame=${box}
                .sheets=${sheets}
                label="${frame.title}: ${item.title}"
                hook="result-canvas"
                @point=${(e) => {
                    this.at = this.describe(e.detail, item, box, height, width);
                }}
            ></map-canvas>
            <footer class="readout">
                ${map && frame.input ? overlaySlider(this.store) : nothing}
                <p class="figures" role="status">
                    ${this.at || (map ? html`<span class="muted">${width} × ${height}</span>` : html`<span class="muted">${width} × ${height} px · wheel or + − to zoom</span>`)}
                </p>
                ${map ? html`<colour-bar .store=${this.store} .low=${low} .high=${high} ?signed=${item.signed}></colour-bar>` : nothing}
            </footer>
            ${
                words
                    ? html`<p class="muted small words">
                          Strongest at the ${words.place} (y ${words.y}, x ${words.x}), maximum
                          ${number(words.max)}, mean
                          ${number(words.mean)}.${
                              words.bad
                                  ? ` ${words.bad} values are not finite (magenta).`
                                  : words.max === 0 && words.mean === 0
                                    ? ' The map is all zero.'
                                    : ''
                          }
                      </p>`
                    : nothing
            }`;
    }

    describe(point, item, box, height, width) {
        if (!point) return '';
        const y = Math.floor((point.y / box.height) * height);
        const x = Math.floor((point.x / box.width) * width);
        const at = (c) => item.data[(c * height + y) * width + x];
        return item.kind === 'map'
            ? `y ${y}, x ${x}: ${number(at(0))}`
            : `y ${y}, x ${x}: ${[0, 1, 2].map((c) => Math.round(at(c) * 255)).join(', ')}`;
    }
}
customElements.define('result-view', ResultView);

/** The first figures in a row, the rest folded. */
function facts(list) {
    if (!list.length) return nothing;
    const row = (some) =>
        html`<dl class="facts across">
            ${some.map(
                (f) =>
                    html`<div>
                        <dt>${f.label}</dt>
                        <dd class="figures">${number(f.value)}${f.unit ? `\u00a0${f.unit}` : ''}</dd>
                    </div>`,
            )}
        </dl>`;
    if (list.length <= SHOWN) return html`<div class="figures-box">${row(list)}</div>`;
    return html`<div class="figures-box">
        ${row(list.slice(0, SHOWN))}
        <details>
            <summary>${list.length - SHOWN} more</summary>
            ${row(list.slice(SHOWN))}
        </details>
    </div>`;
}

// @ts-check
import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { View } from './view.js';
import { number } from './format.js';
import { itemRange, sheetsOf } from './draw-result.js';
import { pictureOf } from './saved.js';
import { changesText } from '../store/techniques.js';
import { iconButton, overlaySlider, segments, slider } from './controls.js';
import './colour-bar.js';
import './map-canvas.js';
import './methods.js';

/** What is put beside others of a result: its map where it has one, else the main part. */
const itemOf = (frame) =>
    frame.result.items.find((i) => i.kind === 'map') ?? frame.result.items[0];

/** Results side by side with one zoom and one pointer; two of them also one over the other. */
export class CompareView extends View {
    static properties = { ...View.properties, at: { state: true } };
    static watch = [
        'picked',
        'frames',
        'overlay',
        'colours',
        'clip',
        'shared',
        'wipe',
        'beside',
        'running',
        'faults',
    ];

    constructor() {
        super();
        /** What is pointed at, as shares of the width and the height. @type {{x: number, y: number} | null} */
        this.at = null;
    }

    get chosen() {
        const { frames, picked } = this.state;
        return picked
            .map((id) => frames.find((f) => f.id === id))
            .filter((f) => f?.result?.items.length);
    }

    render() {
        const { chosen } = this;
        const targets = new Set(chosen.filter((f) => f.aims).map((f) => f.targetText));
        const of = targets.size === 1 ? [...targets][0] : '';
        return html`<header class="view-head">
                <div>
                    <h2>
                        Side by
                        side${of ? html` <span class="muted">for ${of}</span>` : nothing}
                    </h2>
                    <p class="muted">One zoom and one pointer for all: wheel, drag, + − 0</p>
                </div>
                <span class="nav"
                    >${iconButton('close', 'Close', () => this.store.actions.up(), { title: 'Back  Esc' })}</span
                >
            </header>
            <method-picker .store=${this.store}></method-picker>
            ${chosen.length ? this.tools(chosen) : this.hint()}
            ${this.state.faults.map((f) => html`<p class="error">${f.title ? html`<b>${f.title}:</b> ` : nothing}${f.text}</p>`)}
            ${chosen.length === 2 && !this.state.beside ? this.over(chosen) : this.panes(chosen, targets.size > 1)}`;
    }

    hint() {
        return html`<p class="hint">
            ${this.state.running ? 'Working…' : 'Choose methods and put them side by side, or choose frames of the film strip.'}
        </p>`;
    }

    tools(chosen) {
        const { beside, wipe } = this.state;
        const items = chosen.map(itemOf);
        const maps = items.filter((i) => i.kind === 'map');
        const set = (patch) => this.store.set(patch);
        return html`<div class="tools">
            ${
                chosen.length === 2
                    ? segments('Show', beside ? 'beside' : 'over', [['beside', 'Side by side'], ['over', 'One over the other']], (v) => set({ beside: v === 'beside' }))
                    : nothing
            }
            ${chosen.length === 2 && !beside ? slider('Divide', wipe, { min: 0, max: 1, step: 0.005, text: `${Math.round(wipe * 100)} %`, set: (v) => set({ wipe: v }) }) : nothing}
            ${
                maps.length > 1
                    ? segments('Scale', this.state.shared ? 'shared' : 'each', [['each', 'Each its own'], ['shared', 'One for all']], (v) => set({ shared: v === 'shared' }))
                    : nothing
            }
            ${maps.length && chosen.some((f) => f.input) ? overlaySlider(this.store) : nothing}
            ${this.state.shared && maps.length > 1 ? html`<span class="muted">Methods differ in what they measure: compare with care.</span>` : nothing}
            ${maps.length ? html`<colour-choice .store=${this.store}></colour-choice>` : nothing}
        </div>`;
    }

    /** The range of each map's colours: its own, or one that holds them all. */
    ranges(items) {
        const own = items.map((i) => (i.kind === 'map' ? itemRange(i, this.state.clip) : null));
        if (!this.state.shared) return own;
        const reach = Math.max(...own.flatMap((range) => range ?? []).map(Math.abs));
        const unsigned = own.flatMap((range, k) => (range && !items[k].signed ? range : []));
        const low = Math.min(0, ...unsigned);
        return own.map((range, k) => range && [items[k].signed ? -reach : low, reach]);
    }

    panes(chosen, mixed) {
        const items = chosen.map(itemOf);
        const ranges = this.ranges(items);
        return html`<div
            class="panes ${chosen.length > 4 ? 'many' : `few-${chosen.length}`}"
        >
            ${repeat(
                chosen,
                (f) => f.id,
                (f, k) => this.pane(f, items[k], ranges[k], k, mixed),
            )}
        </div>`;
    }

    pane(frame, item, range, k, mixed) {
        const { frame: box, sheets } = this.sheets(frame, item, range);
        const about = [mixed && frame.aims ? frame.targetText : '', ...changesText(frame)].filter(Boolean);
        return html`<figure class=${frame.busy ? 'live' : ''}>
            <figcaption>
                <b>${frame.title}</b> <span class="muted">${about.join(' · ')}</span>
            </figcaption>
            <map-canvas
                .store=${this.store}
                zoomable
                .frame=${box}
                .sheets=${sheets}
                .marks=${this.crosshair(box)}
                style="aspect-ratio: ${box.width} / ${box.height}"
                label="${frame.title}: ${item.title}"
                hook="compare-${k}"
                @point=${(e) => {
                    this.at = e.detail && { x: e.detail.x / box.width, y: e.detail.y / box.height };
                }}
            ></map-canvas>
            <p class="figures small" data-testid="compare-value">
                ${this.at ? this.valueAt(item) : html`<span class="muted">${item.title}</span>`}
            </p>
            ${
                range
                    ? html`<colour-bar
                          .store=${this.store}
                          .low=${range[0]}
                          .high=${range[1]}
                          ?signed=${item.signed}
                          bare
                      ></colour-bar>`
                    : nothing
            }
        </figure>`;
    }

    crosshair({ width, height }) {
        if (!this.at) return [];
        const side = Math.max(width, height) / 40;
        const box = {
            x: this.at.x * width - side / 2,
            y: this.at.y * height - side / 2,
            width: side,
            height: side,
        };
        return [{ kind: 'cell', box }];
    }

    valueAt(item) {
        if (!this.at || (item.kind !== 'map' && item.kind !== 'image')) return '';
        const [height, width] = item.shape.slice(-2);
        const y = Math.min(height - 1, Math.floor(this.at.y * height));
        const x = Math.min(width - 1, Math.floor(this.at.x * width));
        const planes = item.kind === 'map' ? 1 : 3;
        const values = Array.from({ length: planes }, (_, c) =>
            number(item.data[(c * height + y) * width + x], 3),
        );
        return html`<b>${values.join(', ')}</b> <span class="muted">y ${y}, x ${x}</span>`;
    }

    over(chosen) {
        const { wipe } = this.state;
        const items = chosen.map(itemOf);
        const ranges = this.ranges(items);
        const drawn = chosen.map((f, k) => this.sheets(f, items[k], ranges[k]));
        const { frame } = drawn[0];
        const parts = [
            [0, wipe],
            [wipe, 1],
        ];
        return html`<div class="over">
            <map-canvas
                .store=${this.store}
                zoomable
                .frame=${frame}
                .sheets=${drawn.flatMap(({ sheets }, k) => sheets.map((s) => ({ ...s, part: parts[k] })))}
                .marks=${[{ kind: 'wipe', box: { x: wipe * frame.width, y: 0, width: 0, height: 0 } }]}
                label="${chosen[0].title} left, ${chosen[1].title} right"
                hook="compare-over"
                @point=${this.onPoint}
            ></map-canvas>
            <p class="row spread">
                ${chosen.map((f) => html`<span><b>${f.title}</b> <span class="muted">${f.aims ? f.targetText : ''}</span></span>`)}
            </p>
        </div>`;
    }

    sheets(frame, item, range) {
        if (item.kind === 'curve') return { frame: { width: 1, height: 1 }, sheets: [] };
        if (item.kind === 'map') return sheetsOf(frame, item, this.state, range);
        const canvas = pictureOf(frame, item, this.state);
        return {
            frame: { width: canvas.width, height: canvas.height },
            sheets: [{ canvas, smooth: false }],
        };
    }

    onPoint(event) {
        if (event.detail && this.querySelector('.over canvas')?.matches(':active')) {
            const zoomed = this.state.zoom.scale > 1;
            if (!zoomed) this.store.set({ wipe: event.detail.x / event.target.frame.width });
        }
    }
}
customElements.define('compare-view', CompareView);

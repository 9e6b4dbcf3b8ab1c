// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { sheetOf, sheetsOf } from './draw-result.js';
import { iconButton, overlaySlider, segments, slider } from './controls.js';
import './map-canvas.js';

/** Two results side by side with one zoom, or one over the other with a slider. */
export class CompareView extends View {
    static watch = ['picked', 'frames', 'overlay', 'colours', 'clip', 'wipe', 'beside'];

    render() {
        const { frames, picked, beside, wipe, overlay } = this.state;
        const both = picked.map((id) => frames.find((f) => f.id === id)).filter((f) => f?.result);
        if (both.length < 2) return html`<p class="hint">Both frames need a result.</p>`;
        const drawn = both.map((f) => this.sheets(f));
        const maps = both.some((f) => f.result.items[0].kind === 'map' && f.input);
        const name = (f) =>
            html`<b>${f.title}</b>
                <span class="muted"
                    >${[f.aims ? f.targetText : '', ...Object.entries(f.changed).map(([k, v]) => `${k} ${v}`)].filter(Boolean).join(' · ')}</span
                >`;
        return html`<header class="view-head">
                <div>
                    <h2>Comparison</h2>
                    <p class="muted">One zoom for both: wheel, drag, + − 0</p>
                </div>
                <span class="nav"
                    >${iconButton('close', 'Close', () => this.store.actions.up(), { title: 'Back  Esc' })}</span
                >
            </header>
            <div class="tools">
                ${segments(
                    'Show',
                    beside ? 'beside' : 'over',
                    [
                        ['beside', 'Side by side'],
                        ['over', 'One over the other'],
                    ],
                    (v) => this.store.set({ beside: v === 'beside' }),
                )}
                ${beside ? nothing : slider('Divide', wipe, { min: 0, max: 1, step: 0.005, text: `${Math.round(wipe * 100)} %`, set: (v) => this.store.set({ wipe: v }) })}
                ${maps ? overlaySlider(this.store) : nothing}
            </div>
            ${
                beside
                    ? html`<div class="beside">
                          ${both.map(
                              (f, i) =>
                                  html`<figure>
                                      <map-canvas
                                          .store=${this.store}
                                          zoomable
                                          .frame=${drawn[i].frame}
                                          .sheets=${drawn[i].sheets}
                                          label=${f.title}
                                          hook="compare-${i}"
                                      ></map-canvas>
                                      <figcaption>${name(f)}</figcaption>
                                  </figure>`,
                          )}
                      </div>`
                    : html`<div class="over">
                          <map-canvas
                              .store=${this.store}
                              zoomable
                              .frame=${drawn[0].frame}
                              .sheets=${[...drawn[0].sheets.map((s) => ({ ...s, part: [0, wipe] })), ...drawn[1].sheets.map((s) => ({ ...s, part: [wipe, 1] }))]}
                              .marks=${[{ kind: 'wipe', box: { x: wipe * drawn[0].frame.width, y: 0, width: 0, height: 0 } }]}
                              label="${both[0].title} left, ${both[1].title} right"
                              hook="compare-over"
                              @point=${this.onPoint}
                          ></map-canvas>
                          <p class="row spread">
                              ${both.map(name).map((n) => html`<span>${n}</span>`)}
                          </p>
                      </div>`
            }`;
    }

    sheets(frame) {
        const item = frame.result.items[0];
        if (item.kind === 'tiles') {
            const canvas = sheetOf(item, this.state);
            return { frame: { width: canvas.width, height: canvas.height }, sheets: [{ canvas }] };
        }
        if (item.kind === 'curve') return { frame: { width: 1, height: 1 }, sheets: [] };
        return sheetsOf(frame, item, this.state);
    }

    onPoint(event) {
        if (event.detail && this.querySelector('canvas')?.matches(':active')) {
            const zoomed = this.state.zoom.scale > 1;
            if (!zoomed) this.store.set({ wipe: event.detail.x / event.target.frame.width });
        }
    }
}
customElements.define('compare-view', CompareView);

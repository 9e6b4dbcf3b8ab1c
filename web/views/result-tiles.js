// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import { number } from './format.js';
import { clipped, extent, rangeOf, tableOf } from './paint.js';
import { tileSize } from './controls.js';
import './colour-bar.js';
import './tile-grid.js';

/** A result that is many small maps or pictures. */
export class ResultTiles extends View {
    static properties = { ...View.properties, item: { attribute: false }, at: { state: true } };
    static watch = ['tile', 'colours', 'clip'];

    constructor() {
        super();
        /** @type {any} */
        this.item = null;
        this.at = '';
        /** @type {any} */
        this.made = null;
    }

    /** What the tiles are painted from; made anew when the item or the clipping changes. */
    make() {
        const { item } = this;
        const { clip } = this.state;
        if (this.made?.item === item && this.made.clip === clip) return this.made;
        const planes = item.shape.length === 4 ? item.shape[1] : 1;
        const [height, width] = item.shape.slice(-2);
        const size = height * width;
        const given = Number.isFinite(item.low) && item.high > item.low;
        const common = given && planes === 1 ? rangeOf(item.low, item.high, item.signed) : null;
        const own = (i) => {
            const [low, high] = (clip ? clipped : extent)(item.data, i * size, size);
            return rangeOf(low, high, item.signed);
        };
        this.made = {
            item,
            clip,
            common,
            planes,
            source: { data: item.data, count: item.shape[0], planes, height, width },
            order: Array.from({ length: item.shape[0] }, (_, i) => i),
            rangeOf: planes === 3 ? () => [0, 1] : common ? () => common : own,
        };
        return this.made;
    }

    render() {
        const { item } = this;
        const { source, order, rangeOf: range, common, planes } = this.make();
        return html`<tile-grid
                .store=${this.store}
                .source=${source}
                .order=${order}
                .rangeOf=${range}
                .table=${tableOf(this.state, item.signed)}
                .size=${this.state.tile}
                hook="result-canvas"
                label="${item.title}: ${source.count} tiles"
                @tile-hover=${(e) => {
                    this.at = this.describe(e.detail);
                }}
            ></tile-grid>
            <footer class="readout">
                <p class="figures" role="status">
                    ${
                        this.at ||
                        html`<span class="muted"
                            >${source.count} tiles of ${source.width} × ${source.height}</span
                        >`
                    }
                </p>
                ${tileSize(this.store)}
                ${
                    planes === 3
                        ? html`<span class="muted">mid-grey is zero</span>`
                        : html`<colour-bar
                              .store=${this.store}
                              .low=${common?.[0] ?? null}
                              .high=${common?.[1] ?? null}
                              ?signed=${item.signed}
                              ?fixed=${Boolean(common)}
                              note=${common ? '' : 'each by its own range'}
                          ></colour-bar>`
                }
            </footer>`;
    }

    describe(found) {
        if (!found) return '';
        const { source, planes } = this.made;
        const at = (c) =>
            number(
                this.item.data[
                    ((found.index * planes + c) * source.height + found.y) * source.width + found.x
                ],
                3,
            );
        return `${found.index} · y ${found.y}, x ${found.x}: ${Array.from({ length: planes }, (_, c) => at(c)).join(', ')}`;
    }
}
customElements.define('result-tiles', ResultTiles);

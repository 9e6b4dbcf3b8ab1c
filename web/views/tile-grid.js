// @ts-check
import { html } from 'lit';
import { styleMap } from 'lit/directives/style-map.js';
import { View } from './view.js';
import { gridOf, paintTile } from './tiles.js';

/** How long one animation frame may spend on drawing tiles, in milliseconds. */
const BUDGET = 8;
const CACHE = 800;

/**
 * Many small maps as tiles on one canvas that is as large as the window on them, however many there are.
 * `source` is {data, count, planes (1 or 3), height, width}; `order` lists the tiles; `rangeOf(i)` gives
 * the range that the colours of tile i span. Says `tile-hover` ({index, y, x} or null) and `tile-open`.
 */
export class TileGrid extends View {
    static properties = {
        ...View.properties,
        source: { attribute: false },
        order: { attribute: false },
        rangeOf: { attribute: false },
        table: { attribute: false },
        size: { type: Number },
        label: { type: String },
        hook: { type: String },
        mark: { attribute: false },
        captionOf: { attribute: false },
    };
    static watch = ['theme'];

    constructor() {
        super();
        /** @type {any} */
        this.source = null;
        this.order = [];
        /** @type {(index: number) => number[]} */
        this.rangeOf = () => [0, 1];
        this.table = null;
        this.size = 80;
        this.label = '';
        this.hook = '';
        this.mark = null;
        this.captionOf = null;
        this.active = -1;
        this.frame = 0;
        /** @type {Map<number, HTMLCanvasElement>} */
        this.cache = new Map();
        this.observer = new ResizeObserver(() => this.requestUpdate());
    }

    connectedCallback() {
        super.connectedCallback();
        this.observer.observe(this);
    }

    disconnectedCallback() {
        super.disconnectedCallback();
        this.observer.disconnect();
        cancelAnimationFrame(this.frame);
    }

    /** Columns, pitch and so on for the present width. */
    get grid() {
        return gridOf(this.source, this.order.length, this.size, this.clientWidth - 2);
    }

    render() {
        if (!this.source || !this.clientWidth)
            return html`<canvas data-testid=${this.hook || 'tiles'}></canvas>`;
        const height = this.grid.height;
        return html`<div class="tile-scroll" @scroll=${() => this.draw()}>
            <div class="tile-space" style=${styleMap({ height: `${height}px` })}>
                <canvas
                    tabindex="0"
                    role="application"
                    aria-roledescription="tiles"
                    aria-label=${this.label}
                    data-testid=${this.hook || 'tiles'}
                    @pointermove=${this.onMove}
                    @pointerleave=${() => this.hover(null)}
                    @click=${this.onClick}
                    @keydown=${this.onKey}
                    @focus=${() => this.draw()}
                    @blur=${() => this.draw()}
                ></canvas>
            </div>
        </div>`;
    }

    /** @param {Map<string, any>} changed */
    updated(changed) {
        if (['source', 'rangeOf', 'table'].some((name) => changed.has(name))) this.cache.clear();
        if (changed.has('source')) this.active = -1;
        this.draw();
    }

    get canvas() {
        return /** @type {HTMLCanvasElement} */ (this.querySelector('canvas'));
    }

    get scroller() {
        return /** @type {HTMLElement} */ (this.querySelector('.tile-scroll'));
    }

    draw() {
        cancelAnimationFrame(this.frame);
        this.frame = requestAnimationFrame(() => this.drawSome());
    }

    drawSome() {
        const scroller = this.scroller;
        if (!scroller || !this.source || !this.table) return;
        const dpr = Math.min(window.devicePixelRatio || 1, 2);
        const canvas = this.canvas;
        const [width, height] = [scroller.clientWidth, scroller.clientHeight];
        if (
            canvas.width !== Math.round(width * dpr) ||
            canvas.height !== Math.round(height * dpr)
        ) {
            Object.assign(canvas, {
                width: Math.round(width * dpr),
                height: Math.round(height * dpr),
            });
        }
        canvas.style.height = `${height}px`;
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
        ctx.clearRect(0, 0, width, height);
        ctx.imageSmoothingEnabled = false;
        const style = getComputedStyle(this);
        ctx.font = `10.5px ${style.fontFamily}`;
        const ink = style.getPropertyValue('--muted');
        const hollow = style.getPropertyValue('--well');
        const g = this.grid;
        const first = Math.max(0, Math.floor(scroller.scrollTop / g.pitch));
        const last = Math.min(g.rows, Math.ceil((scroller.scrollTop + height) / g.pitch));
        const stop = performance.now() + BUDGET;
        let more = false;
        for (let i = first * g.columns; i < Math.min(this.order.length, last * g.columns); i++) {
            const x = (i % g.columns) * (g.side + g.gap) + 1;
            const y = Math.floor(i / g.columns) * g.pitch - scroller.scrollTop + 1;
            const index = this.order[i];
            let tile = this.cache.get(index);
            if (!tile && performance.now() < stop) tile = this.paint(index);
            if (tile) ctx.drawImage(tile, x, y, g.side, g.tileHeight);
            else {
                more = true;
                ctx.fillStyle = hollow;
                ctx.fillRect(x, y, g.side, g.tileHeight);
            }
            if (g.caption) {
                ctx.fillStyle = ink;
                ctx.fillText(
                    this.captionOf?.(index) ?? String(index),
                    x,
                    y + g.tileHeight + 12,
                    g.side,
                );
            }
            if (i === this.active) this.drawActive(ctx, style, x, y, g);
        }
        if (more) this.frame = requestAnimationFrame(() => this.drawSome());
    }

    drawActive(ctx, style, x, y, g) {
        ctx.strokeStyle = style.getPropertyValue('--mark');
        ctx.lineWidth = document.activeElement === this.canvas ? 2 : 1.25;
        ctx.strokeRect(x - 0.5, y - 0.5, g.side + 1, g.tileHeight + 1);
        if (!this.mark) return;
        const [my, mx] = this.mark;
        const w = g.side / this.source.width;
        const h = g.tileHeight / this.source.height;
        ctx.strokeStyle = '#fff';
        ctx.lineWidth = 1;
        ctx.strokeRect(x + mx * w, y + my * h, Math.max(3, w), Math.max(3, h));
    }

    paint(index) {
        if (this.cache.size > CACHE) this.cache.clear();
        const tile = paintTile(this.source, index, this.rangeOf(index), this.table);
        this.cache.set(index, tile);
        return tile;
    }

    /** The tile and its cell under an event. */
    locate(event) {
        const rect = this.canvas.getBoundingClientRect();
        const g = this.grid;
        const px = event.clientX - rect.left - 1;
        const py = event.clientY - rect.top - 1 + this.scroller.scrollTop;
        const column = Math.floor(px / (g.side + g.gap));
        const row = Math.floor(py / g.pitch);
        const x = Math.floor(((px - column * (g.side + g.gap)) / g.side) * this.source.width);
        const y = Math.floor(((py - row * g.pitch) / g.tileHeight) * this.source.height);
        const at = row * g.columns + column;
        const outside =
            column < 0 ||
            column >= g.columns ||
            at < 0 ||
            at >= this.order.length ||
            x < 0 ||
            x >= this.source.width ||
            y < 0 ||
            y >= this.source.height;
        return outside ? null : { at, index: this.order[at], y, x };
    }

    hover(found) {
        this.active = found ? found.at : document.activeElement === this.canvas ? this.active : -1;
        this.dispatchEvent(new CustomEvent('tile-hover', { detail: found }));
        this.draw();
    }

    onMove(event) {
        this.hover(this.locate(event));
    }

    onClick(event) {
        const found = this.locate(event);
        if (found) this.dispatchEvent(new CustomEvent('tile-open', { detail: found }));
    }

    onKey(event) {
        if (event.altKey || event.ctrlKey || event.metaKey) return;
        const { columns, pitch } = this.grid;
        const last = this.order.length - 1;
        const step = {
            ArrowLeft: -1,
            ArrowRight: 1,
            ArrowUp: -columns,
            ArrowDown: columns,
            Home: -this.active,
            End: last - this.active,
        }[event.key];
        const middle = { y: this.source.height >> 1, x: this.source.width >> 1 };
        if (step !== undefined) {
            const next = this.active < 0 ? 0 : Math.min(last, Math.max(0, this.active + step));
            this.active = next;
            const top = Math.floor(next / columns) * pitch;
            const scroller = this.scroller;
            if (top < scroller.scrollTop) scroller.scrollTop = top;
            else if (top + pitch > scroller.scrollTop + scroller.clientHeight)
                scroller.scrollTop = top + pitch - scroller.clientHeight;
            this.hover({ at: next, index: this.order[next], ...middle });
        } else if (event.key === 'Enter' && this.active >= 0) {
            this.dispatchEvent(
                new CustomEvent('tile-open', {
                    detail: { at: this.active, index: this.order[this.active] },
                }),
            );
        } else return;
        event.preventDefault();
        event.stopPropagation();
    }
}
customElements.define('tile-grid', TileGrid);

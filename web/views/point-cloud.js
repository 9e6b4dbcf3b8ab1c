// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { slider } from './controls.js';
import { drawPoints, drawThumbnail, pointAt, pointTowards, project, sideFor } from './cloud.js';

const START = { scale: 0.94, x: 0, y: 0, yaw: 0.5, pitch: 0.3 };
const PLAIN = '#8f969d';
const LARGE = 128;
/** Thumbnails grow more slowly than the plane that they lie on, so that they come apart, and up to so many pixels. */
const GROWTH = 0.7;
const MOST = 96;

/** Pictures as points: zoomed, turned, pointed at, coloured by class. */
export class PointCloud extends View {
    static properties = {
        ...View.properties,
        item: { attribute: false },
        set: { attribute: false },
        label: { type: String },
        at: { state: true },
        only: { state: true },
        size: { state: true },
        look: { state: true },
    };
    static watch = ['theme'];

    constructor() {
        super();
        this.item = null;
        this.set = null;
        this.label = '';
        /** The point that is shown large. */
        this.at = -1;
        /** The class that stands out; -1: all. */
        this.only = -1;
        this.size = 1;
        this.look = START;
        this.room = { width: 0, height: 0 };
        /** @type {any} what is dragged, and from where */
        this.drag = null;
        /** @type {any} the item, and how it was turned, of the drawing below */
        this.of = null;
        this.key = '';
        /** @type {{xy: Float32Array, order: Uint32Array, colours: string[]}} */
        this.drawing = { xy: new Float32Array(0), order: new Uint32Array(0), colours: [] };
        this.observer = new ResizeObserver(([entry]) => {
            this.room = entry.contentRect;
            this.draw();
        });
    }

    disconnectedCallback() {
        super.disconnectedCallback();
        this.observer.disconnect();
    }

    firstUpdated() {
        this.observer.observe(/** @type {HTMLCanvasElement} */ (this.querySelector('canvas')));
    }

    /** A set of another run says nothing of these points. */
    get pictures() {
        return this.set?.count === this.item.shape[0] ? this.set : null;
    }

    render() {
        const { item, only } = this;
        const solid = item.shape[1] === 3;
        const groups = item.groups ?? [];
        const counts = new Uint32Array(groups.length);
        for (const g of item.group ?? []) if (g >= 0) counts[g]++;
        return html`<canvas
                tabindex="0"
                role="application"
                aria-label="${this.label}: ${item.shape[0]} pictures. Arrows go from picture to picture, plus and minus zoom${solid ? ', shift and arrows turn' : ''}."
                data-testid="points"
                @pointermove=${this.onMove}
                @pointerdown=${this.onDown}
                @pointerup=${this.onUp}
                @pointercancel=${this.onUp}
                @pointerleave=${() => {
                    if (!this.drag) this.at = -1;
                }}
                @wheel=${{ handleEvent: (e) => this.onWheel(e), passive: false }}
                @keydown=${this.onKey}
                @dblclick=${() => {
                    this.look = START;
                }}
            ></canvas>
            <footer class="readout">
                ${slider('Size', this.size, { min: 0.25, max: 4, step: 0.05, set: (value) => (this.size = value), help: 'Size of the thumbnails' })}
                <p class="figures" role="status" data-testid="point-name">
                    ${this.at >= 0 ? this.nameOf(this.at) : html`<span class="muted">${item.shape[0]} pictures · wheel or + − to zoom, drag to ${solid ? 'turn' : 'move'}</span>`}
                </p>
            </footer>
            ${
                groups.length
                    ? html`<div class="legend" role="group" aria-label="Classes">
                          ${groups.map(
                              ({ name, colour }, g) =>
                                  html`<button
                                      class="quiet small"
                                      aria-pressed=${only === g}
                                      title="Show only ${name}"
                                      @click=${() => {
                                          this.only = only === g ? -1 : g;
                                      }}
                                  >
                                      <svg class="swatch" viewBox="0 0 1 1" aria-hidden="true"><rect width="1" height="1" fill=${colour} /></svg>
                                      ${name} <span class="muted figures">${counts[g]}</span>
                                  </button>`,
                          )}
                      </div>`
                    : nothing
            }`;
    }

    nameOf(i) {
        const group = this.item.groups?.[this.item.group[i]]?.name;
        return [this.pictures?.names[i] ?? `picture ${i + 1}`, group].filter(Boolean).join(' · ');
    }

    updated() {
        this.draw();
    }

    /** Scale and middle in CSS pixels. */
    place() {
        const { width, height } = this.room;
        const s = this.look.scale * Math.min(width, height);
        return { s, x: width / 2 + this.look.x * s, y: height / 2 + this.look.y * s };
    }

    /** What is projected is kept until the points or the turn change. */
    projected() {
        const { item, look } = this;
        const key = `${look.yaw},${look.pitch}`;
        if (this.of !== item || this.key !== key) {
            [this.of, this.key] = [item, key];
            const { xy, depth } = project(item.data, item.shape[1], look);
            const order = Uint32Array.from({ length: item.shape[0] }, (_, i) => i);
            if (item.shape[1] === 3) order.sort((a, b) => depth[a] - depth[b]);
            const colours = Array.from(item.group ?? [], (g) => item.groups[g]?.colour ?? PLAIN);
            this.drawing = { xy, order, colours };
        }
        return this.drawing;
    }

    get side() {
        const { width, height } = this.room;
        const side = sideFor(this.item.shape[0], width, height) * Math.max(1, this.look.scale) ** GROWTH;
        return Math.min(MOST, side) * this.size;
    }

    draw() {
        const canvas = this.querySelector('canvas');
        const { width, height } = this.room;
        if (!canvas || !width || !height) return;
        const dpr = Math.min(window.devicePixelRatio || 1, 2);
        const [w, h] = [Math.round(width * dpr), Math.round(height * dpr)];
        if (canvas.width !== w || canvas.height !== h) Object.assign(canvas, { width: w, height: h });
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
        ctx.clearRect(0, 0, width, height);
        const { only, item, pictures: set, side } = this;
        const place = this.place();
        const dim = (i) => only >= 0 && item.group[i] !== only;
        drawPoints(ctx, { ...this.projected(), place, side, width, height, dim, set });
        if (this.at >= 0) this.drawLarge(ctx, place, width, height);
    }

    drawLarge(ctx, place, width, height) {
        const { xy, colours } = this.projected();
        const side = Math.min(LARGE, width / 3, height / 3);
        const x = place.x + xy[2 * this.at] * place.s;
        const y = place.y + xy[2 * this.at + 1] * place.s;
        const left = Math.max(2, Math.min(width - side - 2, x + side + 18 > width ? x - side - 14 : x + 14));
        const top = Math.max(2, Math.min(height - side - 2, y - side / 2));
        ctx.strokeStyle = ctx.fillStyle = colours[this.at] ?? PLAIN;
        ctx.lineWidth = 2;
        ctx.strokeRect(x - this.side / 2 - 2, y - this.side / 2 - 2, this.side + 4, this.side + 4);
        if (!this.pictures) return;
        ctx.fillRect(left - 3, top - 3, side + 6, side + 6);
        ctx.imageSmoothingQuality = 'high';
        drawThumbnail(ctx, this.pictures, this.at, left, top, side);
    }

    /* ---- pointer and keys ---- */

    onMove(event) {
        const { drag, look } = this;
        if (drag) {
            const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
            const { s } = this.place();
            const turns = this.item.shape[1] === 3 && !event.shiftKey;
            this.look = turns
                ? { ...look, yaw: drag.yaw + dx / 150, pitch: Math.max(-1.6, Math.min(1.6, drag.pitch + dy / 150)) }
                : { ...look, x: drag.lookX + dx / s, y: drag.lookY + dy / s };
            return;
        }
        const { xy, order } = this.projected();
        this.at = pointAt(xy, order, this.place(), Math.max(8, this.side), event.offsetX, event.offsetY);
    }

    onDown(event) {
        event.target.setPointerCapture(event.pointerId);
        const { x, y, yaw, pitch } = this.look;
        this.drag = { x: event.clientX, y: event.clientY, lookX: x, lookY: y, yaw, pitch };
    }

    onUp() {
        this.drag = null;
    }

    onWheel(event) {
        event.preventDefault();
        this.zoomBy(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
    }

    /** What lies at that place of the canvas stays there. */
    zoomBy(factor, px = this.room.width / 2, py = this.room.height / 2) {
        const scale = Math.max(0.3, Math.min(60, this.look.scale * factor));
        const before = this.place();
        const s = scale * Math.min(this.room.width, this.room.height);
        const [u, v] = [(px - before.x) / before.s, (py - before.y) / before.s];
        const { width, height } = this.room;
        this.look = { ...this.look, scale, x: (px - width / 2) / s - u, y: (py - height / 2) / s - v };
    }

    onKey(event) {
        const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
        if (step && event.shiftKey && this.item.shape[1] === 3) {
            this.look = { ...this.look, yaw: this.look.yaw + step[0] / 8, pitch: this.look.pitch + step[1] / 8 };
        } else if (step) {
            const next = this.at < 0 ? 0 : pointTowards(this.projected().xy, this.at, step[0], step[1]);
            if (next >= 0) this.at = next;
        } else if (event.key === '+' || event.key === '=') this.zoomBy(1.25);
        else if (event.key === '-') this.zoomBy(0.8);
        else if (event.key === '0') this.look = START;
        else return;
        event.preventDefault();
        event.stopPropagation();
    }
}
customElements.define('point-cloud', PointCloud);

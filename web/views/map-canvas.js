// @ts-check
import { html } from 'lit';
import { View } from './view.js';

/**
 * Draws canvases on top of each other in one frame of reference, with marks above them, and says where it
 * is pointed at. `frame` is the size of that frame in its own pixels; a layer without `box` fills it.
 * When `zoomable`, all canvases of the page share the store's zoom; while nothing is zoomed the arrows say `nudge`.
 *
 * @typedef {{x: number, y: number, width: number, height: number}} Box
 * @typedef {{canvas: HTMLCanvasElement, box?: Box, alpha?: number, smooth?: boolean, part?: [number, number]}} Sheet
 * @typedef {{box: Box, kind: 'field' | 'cell' | 'crop' | 'wipe'}} Mark
 */
export class MapCanvas extends View {
    static properties = {
        ...View.properties,
        frame: { attribute: false },
        sheets: { attribute: false },
        marks: { attribute: false },
        zoomable: { type: Boolean },
        label: { type: String },
        hook: { type: String },
    };
    static watch = ['zoom', 'theme'];

    constructor() {
        super();
        this.frame = { width: 1, height: 1 };
        /** @type {Sheet[]} */
        this.sheets = [];
        /** @type {Mark[]} */
        this.marks = [];
        this.zoomable = false;
        this.label = '';
        this.hook = '';
        /** @type {{x: number, y: number} | null} */
        this.drag = null;
        this.moved = 0;
        /** Known without asking for a layout. */
        this.room = { width: 0, height: 0 };
        this.observer = new ResizeObserver(([entry]) => {
            this.room = entry.contentRect;
            this.draw();
        });
    }

    connectedCallback() {
        super.connectedCallback();
        this.observer.observe(this);
    }

    disconnectedCallback() {
        super.disconnectedCallback();
        this.observer.disconnect();
    }

    render() {
        return html`<canvas
            tabindex=${this.zoomable ? 0 : -1}
            role="img"
            aria-label=${this.label}
            data-testid=${this.hook || 'map'}
            @pointermove=${this.onMove}
            @pointerleave=${() => this.point(null)}
            @pointerdown=${this.onDown}
            @pointerup=${this.onUp}
            @wheel=${{ handleEvent: (e) => this.onWheel(e), passive: false }}
            @keydown=${this.onKey}
            @dblclick=${() => this.zoomable && this.zoomTo(1, 0.5, 0.5)}
        ></canvas>`;
    }

    updated() {
        this.draw();
    }

    get canvas() {
        return /** @type {HTMLCanvasElement} */ (this.querySelector('canvas'));
    }

    get zoom() {
        return this.zoomable ? this.state.zoom : { scale: 1, x: 0.5, y: 0.5 };
    }

    /** Scale and offset from frame pixels to CSS pixels of the canvas. */
    place() {
        const { width, height } = this.room;
        const { scale, x, y } = this.zoom;
        const s = scale * Math.min(width / this.frame.width, height / this.frame.height);
        return {
            s,
            x: width / 2 - x * this.frame.width * s,
            y: height / 2 - y * this.frame.height * s,
            width,
            height,
        };
    }

    draw() {
        const canvas = this.canvas;
        if (!canvas || !this.isConnected) return;
        const dpr = Math.min(window.devicePixelRatio || 1, 3);
        const at = this.place();
        const [w, h] = [Math.round(at.width * dpr), Math.round(at.height * dpr)];
        if (!w || !h) return;
        if (canvas.width !== w || canvas.height !== h)
            Object.assign(canvas, { width: w, height: h });
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        ctx.setTransform(1, 0, 0, 1, 0, 0);
        ctx.clearRect(0, 0, w, h);
        ctx.setTransform(dpr * at.s, 0, 0, dpr * at.s, dpr * at.x, dpr * at.y);
        const whole = { x: 0, y: 0, ...this.frame };
        for (const sheet of this.sheets) {
            const box = sheet.box ?? whole;
            ctx.save();
            ctx.beginPath();
            const [from, to] = sheet.part ?? [0, 1];
            ctx.rect(from * whole.width, 0, (to - from) * whole.width, whole.height);
            ctx.clip();
            ctx.globalAlpha = sheet.alpha ?? 1;
            ctx.imageSmoothingEnabled = sheet.smooth ?? false;
            ctx.imageSmoothingQuality = 'high';
            ctx.drawImage(sheet.canvas, box.x, box.y, box.width, box.height);
            ctx.restore();
        }
        ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
        for (const mark of this.marks) this.drawMark(ctx, mark, at, whole);
    }

    drawMark(ctx, { box, kind }, at, whole) {
        const x = at.x + box.x * at.s;
        const y = at.y + box.y * at.s;
        const w = box.width * at.s;
        const h = box.height * at.s;
        if (kind === 'crop') {
            ctx.fillStyle = getComputedStyle(this).getPropertyValue('--veil');
            ctx.beginPath();
            ctx.rect(at.x, at.y, whole.width * at.s, whole.height * at.s);
            ctx.rect(x, y, w, h);
            ctx.fill('evenodd');
            return;
        }
        if (kind === 'wipe') {
            ctx.fillStyle = '#fff';
            ctx.fillRect(x - 0.75, 0, 1.5, at.height);
            return;
        }
        const accent = getComputedStyle(this).getPropertyValue('--mark');
        const grow = kind === 'cell' ? 0 : 0.5;
        ctx.lineJoin = 'round';
        ctx.strokeStyle = 'rgb(0 0 0 / 65%)';
        ctx.lineWidth = 3.5;
        ctx.strokeRect(x - grow, y - grow, w + 2 * grow, h + 2 * grow);
        ctx.strokeStyle = kind === 'cell' ? '#fff' : accent;
        ctx.lineWidth = 1.5;
        ctx.strokeRect(x - grow, y - grow, w + 2 * grow, h + 2 * grow);
    }

    /** Frame coordinates of an event, or null outside the frame. */
    locate(event) {
        const rect = this.getBoundingClientRect();
        const at = this.place();
        const x = (event.clientX - rect.left - at.x) / at.s;
        const y = (event.clientY - rect.top - at.y) / at.s;
        return x >= 0 && y >= 0 && x < this.frame.width && y < this.frame.height ? { x, y } : null;
    }

    point(point) {
        this.dispatchEvent(new CustomEvent('point', { detail: point }));
    }

    onMove(event) {
        if (this.drag && this.zoomable && event.buttons) {
            const at = this.place();
            const { scale, x, y } = this.zoom;
            const dx = (event.clientX - this.drag.x) / at.s / this.frame.width;
            const dy = (event.clientY - this.drag.y) / at.s / this.frame.height;
            this.drag = { x: event.clientX, y: event.clientY };
            this.moved += Math.abs(dx) + Math.abs(dy);
            if (scale > 1) this.zoomTo(scale, x - dx, y - dy);
        }
        this.point(this.locate(event));
    }

    onDown(event) {
        this.drag = { x: event.clientX, y: event.clientY };
        this.moved = 0;
        if (this.zoomable && this.zoom.scale > 1) this.canvas.setPointerCapture(event.pointerId);
    }

    onUp(event) {
        this.drag = null;
        const point = this.locate(event);
        if (point && this.moved < 0.005)
            this.dispatchEvent(new CustomEvent('pick', { detail: point }));
    }

    onWheel(event) {
        if (
            !this.zoomable ||
            !(
                event.ctrlKey ||
                event.altKey ||
                this.zoom.scale > 1 ||
                this.canvas.matches(':focus, :hover')
            )
        )
            return;
        event.preventDefault();
        const at = this.place();
        const rect = this.getBoundingClientRect();
        const fx = (event.clientX - rect.left - at.x) / at.s / this.frame.width;
        const fy = (event.clientY - rect.top - at.y) / at.s / this.frame.height;
        const { scale, x, y } = this.zoom;
        const next = Math.min(64, Math.max(1, scale * Math.exp(-event.deltaY * 0.002)));
        this.zoomTo(next, fx + (x - fx) * (scale / next), fy + (y - fy) * (scale / next));
    }

    onKey(event) {
        if (!this.zoomable || event.ctrlKey || event.metaKey) return;
        const { scale, x, y } = this.zoom;
        const by = 0.1 / scale;
        const moves = {
            ArrowLeft: [-by, 0],
            ArrowRight: [by, 0],
            ArrowUp: [0, -by],
            ArrowDown: [0, by],
        };
        if (event.key === '+' || event.key === '=') this.zoomTo(Math.min(64, scale * 1.25), x, y);
        else if (event.key === '-') this.zoomTo(Math.max(1, scale / 1.25), x, y);
        else if (event.key === '0') this.zoomTo(1, 0.5, 0.5);
        else if (!moves[event.key]) return;
        else if (scale > 1) this.zoomTo(scale, x + moves[event.key][0], y + moves[event.key][1]);
        else
            this.dispatchEvent(
                new CustomEvent('nudge', { detail: moves[event.key].map((v) => Math.sign(v)) }),
            );
        event.preventDefault();
        event.stopPropagation();
    }

    zoomTo(scale, x, y) {
        const half = 0.5 / scale;
        const inside = (v) => Math.min(1 - half, Math.max(half, v));
        this.store.set({
            zoom: scale === 1 ? { scale, x: 0.5, y: 0.5 } : { scale, x: inside(x), y: inside(y) },
        });
    }
}
customElements.define('map-canvas', MapCanvas);

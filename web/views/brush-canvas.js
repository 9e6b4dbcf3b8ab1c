// @ts-check
import { html } from 'lit';
import { MapCanvas } from './map-canvas.js';
import { canvasOf } from './paint.js';
import { erased, simplified } from '../store/strokes.js';

/** Object and background: far apart for every eye, and with a sign at their start. */
const COLOURS = { '+': '#3fa7ff', '-': '#ff5a4d' };
const STRENGTH = 0.55;
const OUTLINE = '#ffd91a';
const SIZES = [2, 120]; /* of the radius, in thousandths */

const cuts = new WeakMap();

/** What is drawn of a mask [H,W]: a veil over its background, and the line around the object. */
function cutOf(mask) {
    let cut = cuts.get(mask);
    if (cut) return cut;
    const [height, width] = mask.shape;
    const { data } = mask;
    const inside = (y, x) => y >= 0 && x >= 0 && y < height && x < width && data[y * width + x] > 0.5;
    const line = new Path2D();
    for (let y = 0; y <= height; y++) {
        for (let x = 0; x <= width; x++) {
            const here = inside(y, x);
            if (here !== inside(y - 1, x)) line.rect(x, y, 1, 0);
            if (here !== inside(y, x - 1)) line.rect(x, y, 0, 1);
        }
    }
    const veil = canvasOf(width, height, (image) => {
        for (let i = 0; i < width * height; i++) image.data[4 * i + 3] = data[i] > 0.5 ? 0 : 140;
    });
    cuts.set(mask, (cut = { line, veil, width }));
    return cut;
}

/**
 * A map-canvas to paint strokes on, by pointer or by keys. Says `paint` with all strokes when there are others, `brush`
 * when another side or size is asked for by a key, and `told` what it did, in words.
 */
export class BrushCanvas extends MapCanvas {
    static properties = {
        ...MapCanvas.properties,
        strokes: { attribute: false },
        brush: { attribute: false },
        mask: { attribute: false },
        stale: { type: Boolean },
    };

    constructor() {
        super();
        /** @type {import('../store/strokes.js').Stroke[]} */
        this.strokes = [];
        /** @type {{side: string, radius: number}} */
        this.brush = { side: '+', radius: 14 };
        /** @type {any} an item of a result, [H,W]: 1 is the object */
        this.mask = null;
        this.stale = false;
        /** Where the brush is, in thousandths. @type {[number, number] | null} */
        this.at = null;
        /** The side that is painted now; '' while the brush is up. */
        this.down = '';
        /** What the brush has drawn since it came down, and what the eraser has left. */
        this.line = [];
        this.left = [];
        this.waiting = 0;
        this.sheet = document.createElement('canvas');
    }

    render() {
        return html`<canvas
            tabindex="0"
            role="application"
            aria-roledescription="picture to paint on"
            aria-label=${this.label}
            data-testid=${this.hook || 'brush'}
            @pointerdown=${this.onDown}
            @pointermove=${this.onMove}
            @pointerup=${this.onUp}
            @pointercancel=${this.lift}
            @pointerleave=${this.onLeave}
            @contextmenu=${(e) => e.preventDefault()}
            @wheel=${{ handleEvent: (e) => this.onWheel(e), passive: false }}
            @keydown=${this.onKey}
            @blur=${this.lift}
        ></canvas>`;
    }

    /** Frame pixels of a thousandth, across and down. */
    get unit() {
        return [this.frame.width / 1000, this.frame.height / 1000];
    }

    get aspect() {
        return this.frame.height / this.frame.width;
    }

    /* ---- painting ---- */

    press(point, side) {
        this.down = side;
        this.line = [point];
        this.left = this.strokes;
        this.move(point);
    }

    /** @param {[number, number]} point */
    move(point) {
        const from = this.at ?? point;
        this.at = point;
        if (this.down === 'erase') this.erase(from, point);
        else if (this.down) this.line.push(point);
        this.soon();
    }

    /** Along the way from one point to another, so that a quick hand leaves no gaps. */
    erase(from, to) {
        const { radius } = this.brush;
        const far = Math.hypot(to[0] - from[0], (to[1] - from[1]) * this.aspect);
        const steps = Math.max(1, Math.ceil((2 * far) / radius));
        for (let i = 1; i <= steps; i++) {
            const t = i / steps;
            const point = /** @type {[number, number]} */ ([from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])]);
            this.left = erased(this.left, point, radius, this.aspect);
        }
    }

    /** The brush goes up: what it did counts. */
    release() {
        if (!this.down) return;
        const all = this.shown();
        this.lift();
        if (all !== this.strokes) this.dispatchEvent(new CustomEvent('paint', { detail: all }));
    }

    /** The brush goes up, and what it did is forgotten. */
    lift() {
        this.down = '';
        this.line = [];
        this.soon();
    }

    /** All strokes, with the one that is painted now. @returns {import('../store/strokes.js').Stroke[]} */
    shown() {
        if (!this.down) return this.strokes;
        if (this.down === 'erase') return this.left;
        const side = /** @type {'+' | '-'} */ (this.down);
        return [...this.strokes, { side, radius: this.brush.radius, points: simplified(this.line) }];
    }

    /* ---- pointer: the right button paints the other side, the end of a pen erases, the middle one moves ---- */

    /** Thousandths of the frame; beyond it too, since a stroke may leave it. @returns {[number, number]} */
    thousandths(event) {
        const rect = this.getBoundingClientRect();
        const at = this.place();
        const [u, v] = this.unit;
        return [(event.clientX - rect.left - at.x) / at.s / u, (event.clientY - rect.top - at.y) / at.s / v];
    }

    onDown(event) {
        if (!event.isPrimary) return this.lift();
        this.canvas.setPointerCapture(event.pointerId);
        this.canvas.focus({ preventScroll: true });
        if (event.button === 1) return super.onDown(event);
        event.preventDefault();
        const { side } = this.brush;
        const other = { '+': '-', '-': '+' }[side] ?? side;
        this.at = null;
        this.press(this.thousandths(event), event.button === 5 ? 'erase' : event.button === 2 ? other : side);
    }

    onMove(event) {
        if (this.drag) return super.onMove(event);
        if (!event.isPrimary) return;
        const all = event.getCoalescedEvents?.() ?? [];
        for (const one of all.length ? all : [event]) this.move(this.thousandths(one));
    }

    onUp(event) {
        this.drag = null;
        if (event.isPrimary) this.release();
    }

    onLeave() {
        if (this.down) return;
        this.at = null;
        this.soon();
    }

    /* ---- keys ---- */

    onKey(event) {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        const step = event.shiftKey ? 2 : Math.max(8, this.brush.radius);
        const moves = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] };
        const sides = { o: '+', b: '-', e: 'erase' };
        const sizes = { '[': 0.8, ']': 1.25 };
        const { key } = event;
        if (moves[key]) this.step(moves[key]);
        else if (key === ' ' || key === 'Enter') this.toggle();
        else if (key === 'Escape' && this.down) this.lift();
        else if (sides[key]) this.choose({ side: sides[key] });
        else if (sizes[key]) this.choose({ radius: this.brush.radius * sizes[key] });
        else return super.onKey(event);
        event.preventDefault();
        event.stopPropagation();
    }

    step([dx, dy]) {
        const inside = (v) => Math.min(1000, Math.max(0, v));
        const [x, y] = this.at ?? [500, 500];
        this.move([inside(x + dx), inside(y + dy / this.aspect)]);
        this.tell();
    }

    toggle() {
        if (this.down) this.release();
        else this.press(this.at ?? [500, 500], this.brush.side);
        this.tell();
    }

    choose(change) {
        const { side, radius } = { ...this.brush, ...change };
        const [least, most] = SIZES;
        this.dispatchEvent(new CustomEvent('brush', { detail: { side, radius: Math.min(most, Math.max(least, Math.round(radius))) } }));
    }

    tell() {
        const doing = { '': 'brush up', '+': 'painting object', '-': 'painting background', erase: 'erasing' }[this.down];
        const [x, y] = (this.at ?? [500, 500]).map((v) => Math.round(v / 10));
        this.dispatchEvent(new CustomEvent('told', { detail: `${x} % across, ${y} % down: ${doing}` }));
    }

    /* ---- drawing ---- */

    /** With the next picture of the screen. */
    soon() {
        this.waiting ||= requestAnimationFrame(() => {
            this.waiting = 0;
            this.draw();
        });
    }

    draw() {
        super.draw();
        const { canvas } = this;
        if (!canvas?.width || !this.room.width) return;
        const dpr = canvas.width / this.room.width;
        const at = this.place();
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        const toFrame = () => ctx.setTransform(dpr * at.s, 0, 0, dpr * at.s, dpr * at.x, dpr * at.y);
        toFrame();
        ctx.save();
        ctx.beginPath();
        ctx.rect(0, 0, this.frame.width, this.frame.height);
        ctx.clip();
        if (this.mask) this.drawCut(ctx, at.s);
        this.drawStrokes(ctx);
        ctx.restore();
        toFrame();
        if (this.at) this.drawBrush(ctx, at.s);
    }

    drawCut(ctx, s) {
        const { line, veil, width } = cutOf(this.mask);
        const scale = this.frame.width / width;
        ctx.save();
        ctx.imageSmoothingEnabled = true;
        ctx.globalAlpha = this.stale ? 0.6 : 1;
        ctx.drawImage(veil, 0, 0, this.frame.width, this.frame.height);
        ctx.scale(scale, this.frame.height / veil.height);
        outlined(ctx, OUTLINE, s * scale, () => ctx.stroke(line));
        ctx.restore();
    }

    /** On a sheet of their own, where later ones hide earlier ones as in the cut. */
    drawStrokes(ctx) {
        const { width, height } = ctx.canvas;
        Object.assign(this.sheet, { width, height });
        const on = /** @type {CanvasRenderingContext2D} */ (this.sheet.getContext('2d'));
        on.setTransform(ctx.getTransform());
        on.lineCap = on.lineJoin = 'round';
        const [u, v] = this.unit;
        for (const { side, radius, points } of this.shown()) {
            on.strokeStyle = COLOURS[side];
            on.lineWidth = 2 * radius * u;
            on.beginPath();
            on.moveTo(points[0][0] * u, points[0][1] * v);
            for (const [x, y] of points) on.lineTo(x * u, y * v);
            on.stroke();
            const [x, y] = [points[0][0] * u, points[0][1] * v];
            const arm = 0.5 * radius * u;
            on.strokeStyle = '#fff';
            on.lineWidth = 0.3 * arm;
            on.beginPath();
            on.moveTo(x - arm, y);
            on.lineTo(x + arm, y);
            if (side === '+') {
                on.moveTo(x, y - arm);
                on.lineTo(x, y + arm);
            }
            on.stroke();
        }
        ctx.save();
        ctx.setTransform(1, 0, 0, 1, 0, 0);
        ctx.globalAlpha = STRENGTH;
        ctx.drawImage(this.sheet, 0, 0);
        ctx.restore();
    }

    drawBrush(ctx, s) {
        const [x, y] = /** @type {[number, number]} */ (this.at);
        const [u, v] = this.unit;
        const side = this.down || this.brush.side;
        ctx.beginPath();
        ctx.arc(x * u, y * v, this.brush.radius * u, 0, 2 * Math.PI);
        outlined(ctx, COLOURS[side] ?? '#fff', s, () => ctx.stroke());
    }
}
customElements.define('brush-canvas', BrushCanvas);

/** A line that is seen on any ground: dark around its colour, as thick at every scale. */
function outlined(ctx, colour, scale, stroke) {
    ctx.strokeStyle = 'rgb(0 0 0 / 65%)';
    ctx.lineWidth = 3.5 / scale;
    stroke();
    ctx.strokeStyle = colour;
    ctx.lineWidth = 1.6 / scale;
    stroke();
}

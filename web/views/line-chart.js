// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import { number } from './format.js';
import { extent } from './paint.js';
import { linesOf } from './draw-result.js';

const LEFT = 64;
const PAD = 16;
const BELOW = 26;
const COLOURS = ['--accent', '--text'];

/** A round number, without zeros at its end. */
const rounded = (v) => number(v, 3).replace(/(\.\d*[1-9])0+$|\.0+$/, '$1');

/** How far some five round numbers from a to b are apart: 1, 2 or 5 times a power of ten. */
function stepOf(a, b) {
    const wanted = (b - a) / 5;
    const power = 10 ** Math.floor(Math.log10(wanted));
    return power * ([1, 2, 5].find((m) => m * power >= wanted * 0.999) ?? 10);
}

/** The multiples of a step from a to b. */
function multiples(step, a, b) {
    const first = Math.ceil(a / step - 1e-6);
    const count = Math.floor(b / step + 1e-6) - first + 1;
    return Array.from({ length: count }, (_, k) => (first + k) * step);
}

/** Curves over their index, with the values under the pointer. A wide positive range is drawn in logarithms. */
export class LineChart extends View {
    static properties = {
        ...View.properties,
        item: { attribute: false },
        hook: { type: String },
        at: { state: true },
    };
    static watch = ['theme'];

    constructor() {
        super();
        this.item = null;
        this.hook = '';
        this.at = -1;
        this.count = 1;
        this.observer = new ResizeObserver(() => this.draw());
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
        const { title } = this.item;
        const lines = linesOf(this.item);
        const [{ data }] = lines;
        const last = data[data.length - 1];
        const at = this.at >= 0 ? Math.min(this.at, data.length - 1) : data.length - 1;
        const start = this.at >= 0 ? `${at}: ` : 'last: ';
        return html`<canvas
                role="img"
                tabindex="0"
                data-testid=${this.hook}
                aria-label="${title}: ${data.length} points, from ${number(data[0])} to ${number(last)}"
                @pointermove=${this.onMove}
                @pointerleave=${() => {
                    this.at = -1;
                }}
                @keydown=${this.onKey}
            ></canvas>
            <p class="figures small" role="status">
                ${start}${
                    lines.length > 1
                        ? lines.map(
                              (line, k) =>
                                  html`<span class="key-${k}">${line.name} ${number(line.data[at])}</span> `,
                          )
                        : number(data[at])
                }
            </p>`;
    }

    updated() {
        this.draw();
    }

    draw() {
        const canvas = /** @type {HTMLCanvasElement | null} */ (this.querySelector('canvas'));
        if (!canvas || !this.item) return;
        const dpr = Math.min(window.devicePixelRatio || 1, 3);
        const { width, height } = canvas.getBoundingClientRect();
        Object.assign(canvas, { width: Math.round(width * dpr), height: Math.round(height * dpr) });
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        ctx.setTransform(dpr, 0, 0, dpr, 0, 0);
        const style = getComputedStyle(this);
        const lines = linesOf(this.item);
        const [{ data }] = lines;
        this.count = data.length;
        const [low, high] = extent(this.item.data);
        /* Shares and probabilities are compared by their areas. */
        const log = low > 0 && high > 1 && high / low > 50;
        const f = log ? Math.log10 : (v) => v;
        let [a, b] = [f(low), f(high) > f(low) ? f(high) : f(low) + 1];
        const step = log ? Math.max(1, stepOf(a, b)) : stepOf(a, b);
        if (!log) [a, b] = [Math.floor(a / step + 1e-6) * step, Math.ceil(b / step - 1e-6) * step];
        const x = (i) => LEFT + ((width - LEFT - PAD) * i) / Math.max(1, data.length - 1);
        const y = (v) => height - BELOW - ((height - BELOW - PAD) * (f(v) - a)) / (b - a);
        this.toIndex = (px) => Math.round(((px - LEFT) / (width - LEFT - PAD)) * (data.length - 1));
        ctx.font = `11px ${style.fontFamily}`;
        ctx.fillStyle = style.getPropertyValue('--muted');
        ctx.strokeStyle = style.getPropertyValue('--line');
        for (const t of multiples(step, a, b)) {
            const v = log ? 10 ** t : t;
            const py = y(v);
            ctx.beginPath();
            ctx.moveTo(LEFT, Math.round(py) + 0.5);
            ctx.lineTo(width - PAD, Math.round(py) + 0.5);
            ctx.stroke();
            ctx.textAlign = 'right';
            ctx.fillText(rounded(v), LEFT - 8, py + 4);
        }
        ctx.textAlign = 'center';
        for (const i of [0, (data.length - 1) >> 1, data.length - 1])
            ctx.fillText(String(i), x(i), height - 8);
        ctx.lineWidth = 1.5;
        ctx.lineJoin = 'round';
        // The first on top; the second pair is what the first is compared with.
        for (const [k, line] of [...lines.entries()].reverse()) {
            const colour = style.getPropertyValue(COLOURS[k % 2]);
            ctx.strokeStyle = ctx.fillStyle = colour;
            ctx.globalAlpha = k < 2 ? 1 : 0.45;
            ctx.beginPath();
            for (let i = 0; i < line.data.length; i++)
                if (Number.isFinite(line.data[i])) ctx.lineTo(x(i), y(line.data[i]));
            ctx.stroke();
            if (this.at < 0 || this.at >= line.data.length) continue;
            ctx.beginPath();
            ctx.arc(x(this.at), y(line.data[this.at]), 4, 0, 7);
            ctx.fill();
        }
        ctx.globalAlpha = 1;
    }

    onMove(event) {
        const px = event.clientX - event.target.getBoundingClientRect().left;
        this.at = Math.min(this.count - 1, Math.max(0, this.toIndex?.(px) ?? 0));
    }

    onKey(event) {
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (!by) return;
        event.preventDefault();
        this.at = Math.min(this.count - 1, Math.max(0, this.at + by));
    }
}
customElements.define('line-chart', LineChart);

// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import { frameAt } from './draw-result.js';
import { canvasOf, paintPicture } from './paint.js';
import { iconButton, slider } from './controls.js';
import './map-canvas.js';

/** A film: play, pause, step, scrub. While it is being made its newest frame is shown. */
export class FilmPlayer extends View {
    static properties = {
        ...View.properties,
        item: { attribute: false },
        label: { type: String },
        playing: { state: true },
    };
    static watch = ['moment'];

    constructor() {
        super();
        /** @type {any} */
        this.item = null;
        this.label = '';
        this.playing = false;
        /** @type {any} */
        this.canvas = null;
    }

    disconnectedCallback() {
        super.disconnectedCallback();
        clearTimeout(this.timer);
        this.playing = false;
    }

    get count() {
        return this.item.shape[0];
    }

    get index() {
        return frameAt(this.item, this.state);
    }

    render() {
        const { count, index } = this;
        const [height, width] = this.item.shape.slice(2);
        return html`<map-canvas
                .store=${this.store}
                zoomable
                .frame=${{ width, height }}
                .sheets=${[{ canvas: this.drawn(index), smooth: false }]}
                label="${this.label}, frame ${index + 1} of ${count}"
                hook="result-canvas"
            ></map-canvas>
            <footer class="readout film" @keydown=${this.onKey}>
                <span class="nav" role="toolbar" aria-label="Film">
                    ${iconButton('back', 'One frame back', () => this.step(-1), { title: 'One frame back  ,', hook: 'film-back' })}
                    ${iconButton(this.playing ? 'pause' : 'run', this.playing ? 'Pause' : 'Play', () => this.play(!this.playing), { title: 'Play or pause  Space', hook: 'film-play' })}
                    ${iconButton('forward', 'One frame on', () => this.step(1), { title: 'One frame on  .', hook: 'film-on' })}</span
                >
                ${slider('Frame', index, { min: 0, max: count - 1, step: 1, text: `${index + 1} of ${count}`, set: (v) => this.goTo(v) })}
                <p class="figures muted">
                    ${width} × ${height} px · ${this.item.framesPerSecond} frames per second
                </p>
            </footer>`;
    }

    /** One canvas for all frames: a film of hundreds would fill the memory. */
    drawn(index) {
        const [height, width] = this.item.shape.slice(2);
        const fits = this.canvas?.width === width && this.canvas.height === height;
        const canvas = (this.canvas = fits ? this.canvas : canvasOf(width, height, () => {}));
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        const image = ctx.createImageData(width, height);
        paintPicture(image, this.item.data, index * 3 * height * width);
        ctx.putImageData(image, 0, 0);
        return canvas;
    }

    /** Round again at both ends. */
    step(by) {
        this.goTo((this.index + by + this.count) % this.count);
    }

    goTo(index) {
        this.play(false);
        this.store.set({ moment: index });
    }

    play(on) {
        clearTimeout(this.timer);
        this.playing = on;
        if (!on) return;
        if (this.index === this.count - 1) this.store.set({ moment: 0 });
        const next = () => {
            this.store.set({ moment: (this.index + 1) % this.count });
            this.timer = setTimeout(next, 1000 / this.item.framesPerSecond);
        };
        this.timer = setTimeout(next, 1000 / this.item.framesPerSecond);
    }

    onKey(event) {
        const acts = {
            ',': () => this.step(-1),
            '.': () => this.step(1),
            ' ': () => event.target.matches('input') && this.play(!this.playing),
        };
        if (!acts[event.key]) return;
        if (event.key !== ' ' || event.target.matches('input')) event.preventDefault();
        acts[event.key]();
    }
}
customElements.define('film-player', FilmPlayer);

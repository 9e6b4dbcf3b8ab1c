// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { drawThumbnail } from './cloud.js';
import { icons } from './icons.js';
import { iconButton } from './controls.js';
import { percent } from './format.js';
import { droppedFiles } from '../store/folder.js';

/** How many thumbnails stand for a set, in rows of so many squares of so many pixels. */
const SHOWN = 24;
const ACROSS = 12;
const SIDE = 32;

/** A well for many pictures at once: a folder, files or a zip archive. */
export class SetWell extends View {
    static properties = { ...View.properties, over: { state: true } };
    static watch = ['set', 'reading', 'setError', 'scope'];

    constructor() {
        super();
        this.over = false;
    }

    render() {
        const { set, reading, setError } = this.state;
        return html`<section
                class="well set ${this.over ? 'over' : ''} ${set || reading ? 'full' : ''}"
                aria-label="Set of pictures"
                data-testid="set"
                @dragover=${(e) => {
                    e.preventDefault();
                    this.over = true;
                }}
                @dragleave=${() => {
                    this.over = false;
                }}
                @drop=${this.onDrop}
            >
                ${reading ? this.progress(reading) : set ? this.described(set) : this.invitation()}
                <input class="hidden-input" type="file" webkitdirectory tabindex="-1" aria-label="Folder of pictures" data-testid="input-folder" @change=${this.onPick} />
                <input class="hidden-input" type="file" multiple accept="image/*,.zip" tabindex="-1" aria-label="Pictures or a zip archive" data-testid="input-set" @change=${this.onPick} />
            </section>
            ${setError ? html`<p class="error" data-testid="error" role="alert">${setError}</p>` : nothing}`;
    }

    invitation() {
        return html`<button class="quiet small" @click=${() => this.pick(0)} title="A folder of pictures; its sub-folders are classes">
                ${icons.open} Open a folder
            </button>
            <button class="quiet small" @click=${() => this.pick(1)} title="Several pictures, or a zip archive of them">
                files or .zip
            </button>
            <button class="quiet small" data-testid="set-drawn" @click=${() => this.store.actions.openDrawnSet()} title="Take 324 solids and patterns that come with the page, in 18 classes">
                drawn ones
            </button>`;
    }

    progress({ done, count }) {
        return html`<div class="opening">
            <span role="status">Reading ${count || ''} pictures…</span><span class="figures muted">${percent(done)}</span>
            <progress max="1" .value=${done} aria-label="Reading pictures"></progress>
            <button class="quiet small" @click=${() => this.store.actions.closeSet()}>Cancel</button>
        </div>`;
    }

    described(set) {
        const classes = set.classes.length ? `, ${set.classes.length} classes` : '';
        const left = set.skipped.length ? `, ${set.skipped.length} could not be read` : '';
        return html`<canvas width=${ACROSS * SIDE} height=${(SHOWN / ACROSS) * SIDE} aria-hidden="true"></canvas>
            <div class="caption">
                <div class="called">
                    <span class="name" title=${set.name}>${set.name}</span>
                    <span class="muted figures" title=${set.skipped.slice(0, 20).join(', ') || nothing}
                        ><span data-testid="set-count">${set.count}</span> pictures${classes}${left}</span
                    >
                </div>
                ${iconButton('open', 'Open another folder', () => this.pick(0))}
                ${iconButton('close', 'Remove the set', () => this.store.actions.closeSet(), { hook: 'set-remove' })}
            </div>`;
    }

    updated() {
        const { set } = this.state;
        const canvas = this.querySelector('canvas');
        if (!canvas || !set) return;
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        ctx.clearRect(0, 0, canvas.width, canvas.height);
        const count = Math.min(SHOWN, set.count);
        for (let i = 0; i < count; i++) {
            const at = Math.floor((i * set.count) / count);
            drawThumbnail(ctx, set, at, (i % ACROSS) * SIDE, Math.floor(i / ACROSS) * SIDE, SIDE - 1);
        }
    }

    pick(which) {
        /** @type {HTMLInputElement} */ (this.querySelectorAll('input[type=file]')[which]).click();
    }

    onPick(event) {
        const files = [...event.target.files];
        event.target.value = '';
        if (files.length) this.store.actions.openSet(files);
    }

    async onDrop(event) {
        event.preventDefault();
        event.stopPropagation();
        this.over = false;
        const files = await droppedFiles(event.dataTransfer);
        if (files.length) this.store.actions.openSet(files);
    }
}
customElements.define('set-well', SetWell);

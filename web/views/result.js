// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { number, seconds } from './format.js';
import { clipped, extent, inWords, rangeOf, tableOf } from './paint.js';
import { itemRange, plain, sheetOf, sheetsOf } from './draw-result.js';
import { segments, slider } from './controls.js';
import './map-canvas.js';
import './tile-grid.js';
import './colour-bar.js';
import './line-chart.js';

/** One frame of the film strip, large, with its numbers. */
export class ResultView extends View {
    static properties = { ...View.properties, at: { state: true } };
    static watch = ['shown', 'frames', 'item', 'overlay', 'colours', 'clip', 'tile', 'running'];

    constructor() {
        super();
        /** @type {string} what is pointed at, in words */
        this.at = '';
        /** @type {any} what the tiles are drawn from */
        this.made = null;
    }

    get frame() {
        return this.state.frames.find((f) => f.id === this.state.shown);
    }

    render() {
        const { frame } = this;
        if (!frame) return nothing;
        const { actions } = this.store;
        const items = frame.result?.items ?? [];
        const item = items[Math.min(this.state.item, items.length - 1)];
        const settings = Object.entries(frame.changed).map(([k, v]) => `${k} ${v}`).join(', ');
        const state = frame.busy ? 'running' : frame.result?.partial ? 'partial: cancelled' : seconds(frame.result?.seconds);
        return html`<header class="view-head"><div><h2>${frame.title}${frame.aims ? html` <span class="muted">of ${frame.targetText}</span>` : nothing}</h2>
            <p class="muted figures">${[frame.pictures.join(' + '), frame.network, settings, state].filter(Boolean).join(' · ')}</p></div>
            <span class="nav" role="toolbar" aria-label="What to do with the result">
            <button class="icon-button star" aria-pressed=${frame.starred} aria-label="Star" title="Star  S" @click=${() => actions.star(frame.id)}>${icons.star}</button>
            <button class="icon-button" ?disabled=${!item} aria-label="Save as PNG" title="Save as PNG" data-testid="save-png" @click=${() => this.savePng(frame, item)}>${icons.save}</button>
            <button class="icon-button" ?disabled=${!item} aria-label="Save the numbers (.npy)" title="Save the numbers (.npy)" data-testid="save-npy" @click=${() => actions.saveNumbers(frame.id)}>${icons.numbers}</button>
            <button class="icon-button" aria-label="Copy the command line" title="Copy the command line that makes it again" @click=${() => actions.copyCommand(frame.id)}>${icons.command}</button>
            <button class="icon-button" aria-label="Put its settings on the bench" title="Put its settings on the bench" @click=${() => actions.recall(frame.id)}>${icons.recall}</button>
            <button class="icon-button" aria-label="Close" title="Back to the network  Esc" @click=${() => actions.up()}>${icons.close}</button></span></header>
            ${items.length > 1 ? html`<div class="tools">${segments('View', String(this.state.item), items.map((it, i) => [String(i), it.title]), (v) => this.store.set({ item: Number(v) }))}</div>` : nothing}
            <div class="result ${frame.busy ? 'live' : ''}">${item ? this.drawn(frame, item) : html`<p class="hint">${frame.busy ? 'Working…' : ''}</p>`}</div>
            ${frame.result?.facts?.length ? html`<dl class="facts across">${frame.result.facts.map((f) => html`<div><dt>${f.label}</dt>
                <dd class="figures">${number(f.value)}${f.unit ? ` ${f.unit}` : ''}</dd></div>`)}</dl>` : nothing}`;
    }

    drawn(frame, item) {
        if (item.kind === 'curve') return html`<line-chart .store=${this.store} .item=${item} hook="result-canvas"></line-chart>`;
        if (item.kind === 'tiles') return this.tiles(item);
        const { frame: box, sheets } = sheetsOf(frame, item, this.state);
        const map = item.kind === 'map';
        const [height, width] = item.shape.slice(-2);
        const words = map && !frame.busy ? inWords(item.data, height, width) : null;
        const [low, high] = map ? itemRange(item, this.state.clip) : [0, 1];
        const { overlay } = this.state;
        return html`<map-canvas .store=${this.store} zoomable .frame=${box} .sheets=${sheets} label="${frame.title}: ${item.title}" hook="result-canvas"
                @point=${(e) => { this.at = this.describe(e.detail, item, box, height, width); }}></map-canvas>
            <footer class="readout">${map && frame.input ? slider('Map', overlay, { min: 0, max: 1, step: 0.01, text: `${Math.round(overlay * 100)} %`, set: (v) => this.store.set({ overlay: v }), help: 'How strongly the map covers the greyed picture' }) : nothing}
            <p class="figures" role="status">${this.at || (map ? html`<span class="muted">${width} × ${height}</span>` : html`<span class="muted">${width} × ${height} px · wheel or + − to zoom</span>`)}</p>
            ${map ? html`<colour-bar .store=${this.store} .low=${low} .high=${high} ?signed=${item.signed}></colour-bar>` : nothing}</footer>
            ${words ? html`<p class="muted small words">Strongest at the ${words.place} (y ${words.y}, x ${words.x}), maximum ${number(words.max)}, mean ${number(words.mean)}.${
                words.bad ? ` ${words.bad} values are not finite (magenta).` : words.max === 0 && words.mean === 0 ? ' The map is all zero.' : ''}</p>` : nothing}`;
    }

    tiles(item) {
        if (this.tilesOf !== item || this.tilesClip !== this.state.clip) {
            const planes = item.shape.length === 4 ? item.shape[1] : 1;
            const [height, width] = item.shape.slice(-2);
            const size = height * width;
            const reach = this.state.clip ? clipped : extent;
            const low = Number.isFinite(item.low) && item.high > item.low;
            const common = rangeOf(...(low ? [item.low, item.high] : extent(item.data)), item.signed);
            this.tilesOf = item;
            this.tilesClip = this.state.clip;
            this.made = { source: { data: item.data, count: item.shape[0], planes, height, width }, order: Array.from({ length: item.shape[0] }, (_, i) => i),
                rangeOf: planes === 3 ? () => [0, 1] : low ? () => common : (i) => rangeOf(...reach(item.data, i * size, size), item.signed), common, low, planes };
        }
        const { source, order, rangeOf: range, common, low, planes } = this.made;
        return html`<tile-grid .store=${this.store} .source=${source} .order=${order} .rangeOf=${range} .table=${tableOf(this.state, item.signed)} .size=${this.state.tile}
                label="${item.title}: ${source.count} tiles" hook="result-canvas" @tile-hover=${(e) => { this.at = this.describeTile(e.detail, item, planes); }}></tile-grid>
            <footer class="readout"><p class="figures" role="status">${this.at || html`<span class="muted">${source.count} tiles of ${source.width} × ${source.height}</span>`}</p>
            <label class="inline">Size <input type="range" min="24" max="240" .value=${String(this.state.tile)} aria-label="Size of the tiles" @input=${(e) => this.store.set({ tile: Number(e.target.value) })}></label>
            ${planes === 3 ? html`<span class="muted">mid-grey is zero</span>` : html`<colour-bar .store=${this.store} .low=${low ? common[0] : null} .high=${low ? common[1] : null} ?signed=${item.signed}
                note=${low ? '' : 'each by its own range'}></colour-bar>`}</footer>`;
    }

    describe(point, item, box, height, width) {
        if (!point) return '';
        const y = Math.floor((point.y / box.height) * height);
        const x = Math.floor((point.x / box.width) * width);
        const at = (c) => item.data[(c * height + y) * width + x];
        return item.kind === 'map' ? `y ${y}, x ${x}: ${number(at(0))}` : `y ${y}, x ${x}: ${[0, 1, 2].map((c) => Math.round(at(c) * 255)).join(', ')}`;
    }

    describeTile(found, item, planes) {
        if (!found) return '';
        const [height, width] = item.shape.slice(-2);
        const at = (c) => number(item.data[((found.index * planes + c) * height + found.y) * width + found.x], 3);
        return `${found.index} · y ${found.y}, x ${found.x}: ${Array.from({ length: planes }, (_, c) => at(c)).join(', ')}`;
    }

    savePng(frame, item) {
        const canvas = item.kind === 'curve' ? this.querySelector('canvas') : item.kind === 'tiles' ? sheetOf(item, this.state) : this.atPictureSize(frame, item);
        this.store.actions.savePng(frame.id, canvas);
    }

    /** As it is seen: a map over its picture keeps the picture's size. */
    atPictureSize(frame, item) {
        const { frame: box, sheets } = sheetsOf(frame, item, this.state);
        if (sheets.length < 2 && item.kind === 'image') return plain(item, this.state);
        const canvas = document.createElement('canvas');
        Object.assign(canvas, box);
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        for (const sheet of sheets) {
            ctx.globalAlpha = sheet.alpha ?? 1;
            ctx.imageSmoothingEnabled = sheet.smooth ?? false;
            ctx.drawImage(sheet.canvas, 0, 0, box.width, box.height);
        }
        return canvas;
    }
}
customElements.define('result-view', ResultView);

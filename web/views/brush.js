// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { iconButton, segments, slider } from './controls.js';
import { percent } from './format.js';
import { cropOf } from './geometry.js';
import { plain } from './draw-result.js';
import { commandBox } from './result-save.js';
import { strokesOf } from '../store/techniques.js';
import './brush-canvas.js';

/** @type {[string, string][]} */
const SIDES = [['+', 'Object'], ['-', 'Background'], ['erase', 'Erase']];

const KEYS = 'Arrows move the brush, Shift finely; Space puts it down and lifts it; O object, B background, E erase; [ ] size';

/** Painting what is object and what is background over the picture, with the cut that follows from it. */
export class BrushView extends View {
    static properties = { ...View.properties, told: { state: true } };
    static watch = ['brushing', 'brush', 'settings', 'technique', 'shown', 'frames', 'running', 'runError', 'specimen', 'look'];

    constructor() {
        super();
        /** What the keys did, in words. */
        this.told = '';
    }

    render() {
        const { specimen, look, scope, technique, runError, brush, network } = this.state;
        const { actions } = this.store;
        const chosen = scope?.techniques.find((t) => t.id === technique);
        if (!specimen || !look || !strokesOf(chosen)) return nothing;
        const frame = actions.brushFrame();
        const strokes = actions.strokes();
        const item = (name) => frame?.result?.items.find((i) => i.name === name);
        const box = viewOf(specimen, look.input, network);
        return html`<header class="view-head">
                <div>
                    <h2>${chosen.title}: what is object, what is background</h2>
                    <p class="muted">Paint over the picture; the cut follows each stroke.</p>
                </div>
                <span class="nav">
                    <button data-testid="brush-done" title="Back to the result  Esc" @click=${actions.closeBrush}>Done</button></span
                >
            </header>
            <div class="tools brush-tools" role="group" aria-label="Brush">
                ${segments('Brush', brush.side, SIDES, (side) => this.store.set({ brush: { ...brush, side } }))}
                ${slider('Size', brush.radius, {
                    min: 2,
                    max: 120,
                    step: 1,
                    text: `${Math.round((2 * brush.radius) / 10)} %`,
                    set: (radius) => this.store.set({ brush: { ...brush, radius } }),
                    help: 'Width of the brush, as a share of the width of the picture  [ ]',
                })}
                <span class="row">
                    ${iconButton('undo', 'Undo', () => actions.undoStroke(), { title: 'Undo  Ctrl Z', hook: 'brush-undo', disabled: !strokes.length && !actions.canUndo() })}
                    ${iconButton('redo', 'Redo', () => actions.redoStroke(), { title: 'Redo  Ctrl Shift Z', hook: 'brush-redo', disabled: !actions.canRedo() })}
                    ${iconButton('trash', 'Remove all strokes', () => actions.paint([]), { hook: 'brush-clear', disabled: !strokes.length })}
                </span>
            </div>
            <div class="result ${frame?.busy ? 'live' : ''}">
                <brush-canvas
                    .store=${this.store}
                    zoomable
                    .frame=${box.frame}
                    .sheets=${[{ canvas: specimen.canvas, box: box.picture, smooth: true }]}
                    .strokes=${strokes}
                    .brush=${brush}
                    .mask=${item('mask') ?? null}
                    ?stale=${Boolean(frame?.stale)}
                    label="${specimen.name}. ${KEYS}."
                    hook="brush"
                    @paint=${(e) => actions.paint(e.detail)}
                    @brush=${(e) => this.store.set({ brush: e.detail })}
                    @told=${(e) => { this.told = e.detail; }}
                ></brush-canvas>
            </div>
            ${runError ? html`<p class="error narrow">${runError}</p>` : nothing}
            ${this.readout(frame, strokes)}
            ${frame?.result && !frame.busy ? this.save(frame, item('cutout')) : nothing}`;
    }

    connectedCallback() {
        super.connectedCallback();
        this.addEventListener('keydown', this.onKey);
    }

    onKey(event) {
        if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 'z') return;
        event.preventDefault();
        if (event.shiftKey) this.store.actions.redoStroke();
        else this.store.actions.undoStroke();
    }

    readout(frame, strokes) {
        const { running } = this.state;
        const share = frame?.result?.facts.find((f) => f.name === 'share');
        const count = (side) => strokes.filter((s) => s.side === side).length;
        const cut = frame?.busy ? `cutting ${percent(running?.done ?? 0)}` : share ? `object ${percent(share.value / 100)} of the picture` : 'no cut yet';
        return html`<footer class="readout">
            <p class="figures" data-testid="brush-says">
                <span class="muted">Strokes</span> ${count('+')} object, ${count('-')} background · ${cut}
            </p>
            <p class="muted small" role="status">${this.told}</p>
        </footer>`;
    }

    save(frame, cutout) {
        const { actions } = this.store;
        return html`<div class="save">
            <button
                class="small"
                data-testid="save-cutout"
                title="The object as a PNG, all around it transparent"
                @click=${() => actions.savePng(frame.id, plain(cutout, this.state), cutout)}
            >
                ${icons.save} Save the cut-out
            </button>
            ${commandBox(this.store, frame)}
        </div>`;
    }
}
customElements.define('brush-view', BrushView);

/** What the network sees of the picture, as the frame that strokes are said in, and where the whole picture lies in it. */
function viewOf(picture, input, network) {
    const crop = cropOf(picture, input, network?.preprocessing?.resize ?? 'short');
    const frame = { width: crop.width, height: (crop.width * input.height) / input.width };
    const down = frame.height / crop.height;
    const box = { x: -crop.x, y: -crop.y * down, width: picture.width, height: picture.height * down };
    return { frame, picture: box };
}

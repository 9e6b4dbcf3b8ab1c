// @ts-check
import { html, nothing } from 'lit';
import { repeat } from 'lit/directives/repeat.js';
import { View } from './view.js';
import { icons } from './icons.js';
import { iconButton } from './controls.js';
import { percent } from './format.js';
import { thumbOf } from './draw-result.js';
import { changesText } from '../store/techniques.js';

/** Below: every result with its settings. Nothing is lost by running something else. */
export class FilmStrip extends View {
    static watch = [
        'frames',
        'shown',
        'picked',
        'comparing',
        'running',
        'scope',
        'colours',
        'network',
    ];

    constructor() {
        super();
        this.stamps = new WeakMap();
        this.count = 0;
        this.last = 0;
    }

    render() {
        const { frames, picked, comparing } = this.state;
        if (!frames.length) return nothing;
        return html`<section class="strip" aria-label="Film strip">
            <ol @keydown=${this.onKey}>
                ${repeat(
                    frames,
                    (f) => f.id,
                    (f) => this.frame(f),
                )}
            </ol>
            <div class="strip-tools">
                <button
                    ?disabled=${picked.length < 2}
                    aria-pressed=${comparing}
                    data-testid="compare"
                    title="The chosen frames side by side  V"
                    @click=${() => (comparing ? this.store.set({ comparing: false }) : this.store.actions.compare())}
                >
                    ${icons.compare} Compare
                </button>
                <button
                    class="quiet small"
                    ?disabled=${frames.every((f) => f.starred)}
                    title="Keep the starred frames only"
                    @click=${() => this.store.actions.clear()}
                >
                    Clear
                </button>
            </div>
        </section>`;
    }

    frame(f) {
        const { shown, picked, running, comparing } = this.state;
        const { actions } = this.store;
        const about = [
            f.aims ? f.targetText : (f.pictures[f.pictures.length - 1] ?? f.network),
            changesText(f).join(', '),
        ]
            .filter(Boolean)
            .join(' · ');
        const live = running?.frame === f.id;
        return html`<li
            class="frame ${shown === f.id ? 'shown' : ''} ${f.starred ? 'starred' : ''} ${picked.includes(f.id) ? 'picked' : ''}"
            data-testid="frame"
            data-frame=${f.id}
            draggable="true"
            @dragstart=${(e) => e.dataTransfer.setData('text/x-frame', String(f.id))}
            @dragover=${(e) => e.dataTransfer.types.includes('text/x-frame') && e.preventDefault()}
            @drop=${(e) => this.onDrop(e, f.id)}
        >
            <button
                class="frame-open"
                aria-pressed=${shown === f.id && !comparing}
                title="${f.title} · ${about} · ${f.pictures.join(' + ')}"
                @click=${() => actions.show(f.id)}
            >
                <canvas width="72" height="72" data-of=${f.id}></canvas>
                <span class="frame-text"
                    ><b>${f.title}</b><span class="muted">${about}</span>
                    <span class="muted figures"
                        >${live ? percent(running.done) : f.result?.partial ? 'partial' : ''}</span
                    ></span
                >
            </button>
            <span class="frame-tools"
                >${iconButton('compare', 'Choose for comparison', () => actions.pick(f.id), { pressed: picked.includes(f.id) })}
                ${iconButton('star', 'Star', () => actions.star(f.id), { pressed: f.starred, kind: 'star' })}
                ${iconButton('close', 'Remove', () => actions.remove(f.id), { title: 'Remove  Del' })}</span
            >
        </li>`;
    }

    updated() {
        for (const frame of this.state.frames) {
            const canvas = /** @type {HTMLCanvasElement | null} */ (
                this.querySelector(`canvas[data-of="${frame.id}"]`)
            );
            const key = [
                frame.result?.items?.[0] && this.stamp(frame.result.items[0]),
                this.state.colours,
            ].join();
            if (!canvas || canvas.dataset.key === key) continue;
            canvas.dataset.key = key;
            const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
            ctx.clearRect(0, 0, 72, 72);
            const source = thumbOf(frame, this.state);
            if (!source) continue;
            const s = Math.max(72 / source.width, 72 / source.height);
            ctx.imageSmoothingEnabled = source.width > 100;
            ctx.drawImage(
                source,
                (72 - source.width * s) / 2,
                (72 - source.height * s) / 2,
                source.width * s,
                source.height * s,
            );
        }
        const { running } = this.state;
        if (running && running.frame !== this.last) {
            this.last = running.frame;
            this.querySelector(`[data-frame="${running.frame}"]`)?.scrollIntoView({
                inline: 'nearest',
                block: 'nearest',
            });
        }
    }

    /** A number that stays with an item, so that a thumbnail is drawn once. */
    stamp(item) {
        if (!this.stamps.has(item)) this.stamps.set(item, ++this.count);
        return this.stamps.get(item);
    }

    onDrop(event, id) {
        const other = Number(event.dataTransfer.getData('text/x-frame'));
        if (!other) return;
        event.preventDefault();
        this.store.actions.compare(other, id);
    }

    onKey(event) {
        const frame = event.target.closest('[data-frame]');
        const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
        if (by) {
            const all = /** @type {HTMLElement[]} */ ([...this.querySelectorAll('.frame-open')]);
            all[all.indexOf(frame.querySelector('.frame-open')) + by]?.focus();
        } else if (event.key === 'Delete') this.store.actions.remove(Number(frame.dataset.frame));
        else return;
        event.preventDefault();
        event.stopPropagation();
    }
}
customElements.define('film-strip', FilmStrip);

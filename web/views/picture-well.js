// @ts-check
import { html, nothing } from 'lit';
import { View } from './view.js';
import { icons } from './icons.js';
import { iconButton } from './controls.js';
import { canvasOf, paintPicture } from './paint.js';
import { cropOf, fieldOf } from './geometry.js';
import { roleOf } from '../store/techniques.js';
import './map-canvas.js';
import './webcam.js';

/** A well for a picture: drop, paste, pick or take one. The first shows what the network is pointed at. */
export class PictureWell extends View {
    static properties = {
        ...View.properties,
        second: { type: Boolean },
        technique: { attribute: false },
        over: { state: true },
        camera: { state: true },
    };
    static watch = [
        'specimen',
        'second',
        'look',
        'received',
        'hover',
        'cell',
        'unit',
        'network',
        'pictureError',
        'secondError',
    ];

    constructor() {
        super();
        this.second = false;
        /** @type {any} what a second picture is for */
        this.technique = null;
        this.over = false;
        this.camera = false;
    }

    get hook() {
        return this.second ? 'second' : 'picture';
    }

    render() {
        const picture = this.second ? this.state.second : this.state.specimen;
        const error = this.second ? this.state.secondError : this.state.pictureError;
        return html`<div
                class="well picture ${this.over ? 'over' : ''} ${picture ? 'full' : ''}"
                data-testid="specimen-${this.hook}"
                style=${picture && !this.camera ? `--shape: ${picture.width / picture.height}` : ''}
                @dragover=${this.onDrag}
                @dragleave=${() => {
                    this.over = false;
                }}
                @drop=${this.onDrop}
            >
                ${
                    this.camera
                        ? html`<web-cam
                              .store=${this.store}
                              ?second=${this.second}
                              @done=${() => {
                                  this.camera = false;
                              }}
                          ></web-cam>`
                        : picture
                          ? this.drawn(picture)
                          : this.invitation()
                }
                <input
                    class="hidden-input"
                    type="file"
                    accept="image/*"
                    tabindex="-1"
                    aria-label="Picture file"
                    data-testid="input-${this.hook}"
                    @change=${this.onPick}
                />
            </div>
            ${error ? html`<p class="error" data-testid="error" role="alert">${error}</p>` : nothing}
            ${picture && !this.camera ? this.caption(picture) : nothing}`;
    }

    invitation() {
        return html`<button class="drop-here" @click=${this.pick}>
                ${icons.picture}
                <b>${this.second ? this.wanted() : 'Drop a picture'}</b>
                <span
                    >${this.second ? 'drop, or click to choose one' : 'or paste, or click to choose one'}</span
                >
            </button>
            <button
                class="quiet small"
                @click=${() => {
                    this.camera = true;
                }}
            >
                ${icons.camera} Use the camera
            </button>`;
    }

    /** What the second picture is, and whether the technique can do without. */
    wanted() {
        const role = roleOf(this.technique, 1);
        const what = role ? `A ${role} picture` : 'A second picture';
        return this.technique?.pictures < 2 ? `${what}, if you like` : what;
    }

    drawn(picture) {
        const { look, received, network } = this.state;
        const input = look?.input;
        const see = !this.second && received && input;
        const frame = see
            ? { width: input.width, height: input.height }
            : { width: picture.width, height: picture.height };
        const canvas = see ? this.receivedCanvas(input) : picture.canvas;
        const crop =
            !this.second && !see && input
                ? cropOf(picture, input, network?.preprocessing?.resize ?? 'short')
                : null;
        const box = this.field();
        const marks = [];
        if (crop && (crop.width < picture.width - 1 || crop.height < picture.height - 1))
            marks.push({ kind: 'crop', box: crop });
        const at = see ? { x: 0, y: 0, ...frame } : crop;
        if (box && input && at) {
            const s = at.width / input.width;
            marks.push({
                kind: 'field',
                box: {
                    x: at.x + box.x * s,
                    y: at.y + box.y * s,
                    width: box.width * s,
                    height: box.height * s,
                },
            });
        }
        const label = this.second
            ? `Second picture: ${picture.name}`
            : `Picture: ${picture.name}${see ? ', as the network receives it' : ''}`;
        return html`<map-canvas
            .store=${this.store}
            .frame=${frame}
            .sheets=${[{ canvas, smooth: !see }]}
            .marks=${marks}
            label=${label}
            hook="map-${this.hook}"
            @point=${(e) => this.onPoint(e.detail, see ? { x: 0, y: 0, ...frame } : crop, input)}
        ></map-canvas>`;
    }

    /** The receptive field of the cell that is pointed at or chosen. */
    field() {
        if (this.second) return null;
        const { hover, cell, unit, layer, network } = this.state;
        const at = hover ?? (cell && unit >= 0 ? { layer, y: cell[0], x: cell[1] } : null);
        const field = at && network?.byName.get(at.layer)?.field;
        return field ? fieldOf(field, at.y, at.x) : null;
    }

    receivedCanvas(input) {
        if (this.drawnOf !== input) {
            this.drawnOf = input;
            this.drawnInput = canvasOf(input.width, input.height, (image) =>
                paintPicture(image, input.data, 0),
            );
        }
        return this.drawnInput;
    }

    caption(picture) {
        const { look, received } = this.state;
        return html`<div class="caption">
                <span
                    class="name"
                    title=${[picture.name, picture.credit].filter(Boolean).join(' · ')}
                    >${picture.name}</span
                >
                <span class="muted figures"
                    >${picture.width} ×
                    ${picture.height}${picture.note ? `, ${picture.note}` : ''}</span
                >
                ${iconButton('open', 'Choose another picture', this.pick, { title: 'Choose another picture  P' })}
                ${iconButton('camera', 'Use the camera', () => {
                    this.camera = true;
                })}
                ${this.second ? iconButton('close', 'Remove the second picture', () => this.store.actions.removeSecond(), { hook: 'remove-second' }) : nothing}
            </div>
            ${
                !this.second && look
                    ? html`<label class="flag"
                          ><input
                              type="checkbox"
                              .checked=${received}
                              data-testid="received"
                              @change=${(e) => this.store.set({ received: e.target.checked })}
                          /><span
                              >What the network receives
                              <span class="muted figures"
                                  >${look.input.width} × ${look.input.height}</span
                              ></span
                          ></label
                      >`
                    : nothing
            }`;
    }

    pick() {
        /** @type {HTMLInputElement} */ (this.querySelector('input[type=file]')).click();
    }

    onPick(event) {
        const file = event.target.files[0];
        event.target.value = '';
        if (file) this.store.actions.openPicture(file, { second: this.second });
    }

    onDrag(event) {
        event.preventDefault();
        this.over = true;
    }

    onDrop(event) {
        event.preventDefault();
        event.stopPropagation();
        this.over = false;
        const files = [...event.dataTransfer.files];
        if (files.length === 1 && !/\.(onnx|json)$/i.test(files[0].name))
            this.store.actions.openPicture(files[0], { second: this.second });
        else this.store.actions.openFiles(files, this.second);
    }

    /** Brushing the picture tells the open layer which cells see that pixel. */
    onPoint(point, crop, input) {
        if (this.second || !input || !crop) return;
        const s = input.width / crop.width;
        this.store.set({
            pointer: point && { x: (point.x - crop.x) * s, y: (point.y - crop.y) * s },
        });
    }
}
customElements.define('picture-well', PictureWell);

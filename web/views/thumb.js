// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import { clipped, paintMap, paintPicture } from './paint.js';

/** A small map ({width, height, data}), or a small picture (planes 3), that fades over when it changes. */
export class ThumbMap extends View {
    static properties = {
        ...View.properties,
        thumb: { attribute: false },
        table: { attribute: false },
    };

    constructor() {
        super();
        this.thumb = null;
        this.table = null;
    }

    render() {
        return html`<canvas aria-hidden="true"></canvas>`;
    }

    updated() {
        const canvas = this.querySelector('canvas');
        if (!canvas || !this.thumb) return;
        const { width, height, data, planes } = this.thumb;
        if (canvas.width !== width || canvas.height !== height)
            Object.assign(canvas, { width, height });
        const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
        const image = ctx.createImageData(width, height);
        if (planes === 3) paintPicture(image, data, 0);
        else if (this.table) {
            const [low, high] = this.thumb.range ?? clipped(data);
            paintMap(image, data, 0, this.table, low, high);
        }
        ctx.putImageData(image, 0, 0);
        this.dataset.drawn = '';
    }
}
customElements.define('thumb-map', ThumbMap);

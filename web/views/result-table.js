// @ts-check
import { html } from 'lit';
import { View } from './view.js';
import { number } from './format.js';

/** A table with titles; a cell "#rrggbb" is a colour. */
export class ResultTable extends View {
    static properties = { ...View.properties, item: { attribute: false } };

    constructor() {
        super();
        this.item = null;
    }

    render() {
        const { columns, rows, title } = this.item;
        return html`<div class="table-box" tabindex="0" role="region" aria-label=${title}>
            <table class="result-table" data-testid="result-table">
                <thead><tr>${columns.map((name) => html`<th scope="col">${name}</th>`)}</tr></thead>
                <tbody>
                    ${rows.map((row) => html`<tr>${row.map(cell)}</tr>`)}
                </tbody>
            </table>
        </div>`;
    }
}
customElements.define('result-table', ResultTable);

function cell(value) {
    if (typeof value === 'number') return html`<td class="figures">${number(value)}</td>`;
    if (/^#[0-9a-f]{6}$/.test(value))
        return html`<td><svg class="swatch" viewBox="0 0 1 1" role="img" aria-label=${value}><rect width="1" height="1" fill=${value} /></svg></td>`;
    return html`<td>${value}</td>`;
}

// @ts-check
/** The few signs of the page, drawn on a 16-unit grid with one line width. */
import { svg } from 'lit';

const icon = (
    body,
) => svg`<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"
    fill="none" stroke="currentColor" stroke-width="1.25" stroke-linecap="round" stroke-linejoin="round">${body}</svg>`;

export const icons = {
    mark: svg`<svg class="mark" viewBox="0 0 24 24" width="22" height="22" aria-hidden="true" fill="none"
        stroke="currentColor" stroke-width="1.3"><rect x="2.5" y="2.5" width="13" height="13" />
        <path d="M15.5 2.5 21.5 8.5M15.5 15.5 21.5 21.5M2.5 15.5 8.5 21.5" opacity=".45" />
        <path d="M21.5 8.5V21.5H8.5" opacity=".45" /><rect class="mark-cell" x="6" y="6" width="4" height="4"
        fill="currentColor" stroke="none" /></svg>`,
    open: icon(svg`<path d="M2 12.5V3.5h4l1.5 2H14v7z" />`),
    picture:
        icon(svg`<rect x="2" y="3" width="12" height="10" /><circle cx="5.5" cy="6.5" r="1.2" />
        <path d="m2.5 12 4-3.5 2.5 2 2.5-2.5 2.5 2.5" />`),
    camera: icon(svg`<path d="M2 5h3l1-1.5h4L11 5h3v8H2z" /><circle cx="8" cy="8.7" r="2.3" />`),
    close: icon(svg`<path d="m4 4 8 8m0-8-8 8" />`),
    run: icon(svg`<path d="M5 3.5v9l7-4.5z" fill="currentColor" />`),
    library: icon(svg`<path d="M3 3h2.5v10H3zM6.75 3h2.5v10h-2.5zM10.6 3.6l2.4-.6 2.2 9.4-2.4.6z" />`),
    pause: icon(svg`<path d="M5.5 4v8M10.5 4v8" stroke-width="2.2" />`),
    back: icon(svg`<path d="M4 4v8M12 4v8L6.5 8z" />`),
    forward: icon(svg`<path d="M12 4v8M4 4v8l5.5-4z" />`),
    copy: icon(svg`<path d="M6 5.5h7.5v8H6zM3 11V2.5h7.5" />`),
    stop: icon(svg`<rect x="4" y="4" width="8" height="8" fill="currentColor" />`),
    star: icon(
        svg`<path d="m8 2.3 1.75 3.6 3.95.5-2.9 2.75.75 3.9L8 11.15l-3.55 1.9.75-3.9L2.3 6.4l3.95-.5z" />`,
    ),
    save: icon(svg`<path d="M8 2.5v7m-3-3 3 3 3-3M2.5 11v2.5h11V11" />`),
    numbers: icon(svg`<path d="M3 3h10v10H3zM3 6.3h10M3 9.7h10M6.3 3v10M9.7 3v10" />`),
    command: icon(svg`<path d="m3 4.5 3.5 3.5L3 11.5M8 12h5" />`),
    recall: icon(svg`<path d="M3 5.5h6.5a3.5 3.5 0 0 1 0 7H6M3 5.5l2.8-2.8M3 5.5l2.8 2.8" />`),
    compare: icon(svg`<path d="M2 3.5h12v9H2zM8 2v12" />`),
    chevron: icon(svg`<path d="m6 4 4 4-4 4" />`),
    left: icon(svg`<path d="m10 4-4 4 4 4" />`),
    lock: icon(svg`<path d="M4 7.5h8v6H4zM5.5 7.5V5.3a2.5 2.5 0 0 1 5 0v2.2" />`),
    sun: icon(svg`<circle cx="8" cy="8" r="2.8" /><path d="M8 1.8v1.4m0 9.6v1.4M1.8 8h1.4m9.6 0h1.4M3.6 3.6l1 1m6.8
        6.8 1 1m0-8.8-1 1m-6.8 6.8-1 1" />`),
    moon: icon(svg`<path d="M13 9.5A5.5 5.5 0 0 1 6.5 3a5.5 5.5 0 1 0 6.5 6.5z" />`),
    auto: icon(
        svg`<circle cx="8" cy="8" r="5.2" /><path d="M8 2.8v10.4a5.2 5.2 0 0 0 0-10.4z" fill="currentColor" />`,
    ),
    help: icon(svg`<path d="M5.8 6a2.2 2.2 0 1 1 3.1 2.3c-.6.3-.9.7-.9 1.4M8 12.2v.1" />`),
    aim: icon(svg`<circle cx="8" cy="8" r="4.5" /><path d="M8 1.8v4m0 4.4v4M1.8 8h4m4.4 0h4" />`),
    brush: icon(svg`<path d="M13.5 2.5 7 9M7 9 5.8 7.8M7 9l1.2 1.2M5.8 7.8c-1.9.2-2.1 1.6-2.3 2.8-.1.9-.5 1.5-1.3 1.9 2.2.9 5 .4 6-2.3" />`),
    undo: icon(svg`<path d="M3 6.5h6.5a3.3 3.3 0 0 1 0 6.6H6M3 6.5l3-3m-3 3 3 3" />`),
    redo: icon(svg`<path d="M13 6.5H6.5a3.3 3.3 0 0 0 0 6.6H10M13 6.5l-3-3m3 3-3 3" />`),
    trash: icon(svg`<path d="M3 4.5h10M6.5 4.5V3h3v1.5M4.3 4.5l.6 8.5h6.2l.6-8.5" />`),
};

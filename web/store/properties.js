// @ts-check
/**
 * The one table of what the page remembers. `inUrl` properties are read from and written to the address
 * bar, `kept` ones to the browser's own storage; the rest live as long as the page does.
 *
 * @typedef {object} Property
 * @property {string} name
 * @property {any} default
 * @property {(text: string) => any} [parse]   text of the address bar to value; undefined when it is no value
 * @property {(value: any) => string} [format] value to text of the address bar
 * @property {boolean} [inUrl]
 * @property {boolean} [kept]
 */

const number = (low, high) => (text) => {
    const value = Number(text);
    return text !== '' && value >= low && value <= high ? value : undefined;
};
const oneOf =
    (...choices) =>
    (text) =>
        choices.includes(text) ? text : undefined;
const flag = { parse: (text) => text === '1', format: (value) => (value ? '1' : '0') };

/** Settings of a technique, `patch:32,stride:16`; every part is escaped, so that any text may be a value. */
const settings = {
    parse: (text) =>
        Object.fromEntries(
            text
                .split(',')
                .filter(Boolean)
                .map((pair) => {
                    const [name, value = ''] = pair.split(':');
                    return [decodeURIComponent(name), decodeURIComponent(value)];
                }),
        ),
    format: (value) =>
        Object.entries(value)
            .map(([name, v]) => `${encodeURIComponent(name)}:${encodeURIComponent(String(v))}`)
            .join(','),
};

/** @type {Property[]} */
export const properties = [
    // What is looked at.
    { name: 'model', default: '', inUrl: true },
    { name: 'picture', default: '', inUrl: true },
    { name: 'layer', default: '', inUrl: true },
    { name: 'unit', default: -1, inUrl: true, parse: number(0, 1e6) },
    {
        name: 'cell',
        default: null,
        inUrl: true,
        format: (cell) => cell.join('.'),
        parse: (text) => (/^\d+\.\d+$/.test(text) ? text.split('.').map(Number) : undefined),
    },

    // How it is drawn.
    { name: 'scale', default: 'unit', inUrl: true, parse: oneOf('unit', 'layer', 'network') },
    { name: 'sort', default: 'index', inUrl: true, parse: oneOf('index', 'strength') },
    { name: 'show', default: 'activations', inUrl: true, parse: oneOf('activations', 'filters') },
    { name: 'tile', default: 80, inUrl: true, parse: number(24, 320) },
    {
        name: 'colours',
        default: 'inferno',
        inUrl: true,
        parse: oneOf('inferno', 'viridis', 'cividis', 'grey'),
    },
    { name: 'overlay', default: 0.75, inUrl: true, parse: number(0, 1) },
    { name: 'clip', default: true, inUrl: true, ...flag },
    { name: 'shared', default: false, inUrl: true, ...flag }, // one scale for all maps side by side
    { name: 'received', default: false, inUrl: true, ...flag },

    // What is asked.
    { name: 'technique', default: '', inUrl: true },
    { name: 'target', default: 'class:top', inUrl: true },
    {
        name: 'methods', // put side by side
        default: ['gradient', 'integrated-gradients', 'guided-backprop', 'gradcam'],
        inUrl: true,
        parse: (text) => text.split(',').filter(Boolean),
        format: (ids) => ids.join(','),
    },
    { name: 'settings', default: {}, inUrl: true, ...settings },
    {
        name: 'place',
        default: 'specimen',
        inUrl: true,
        parse: oneOf('specimen', 'network', 'bench'),
    },

    { name: 'theme', default: 'system', kept: true, parse: oneOf('system', 'dark', 'light') },

    // The engine and what it said.
    { name: 'scope', default: null },
    { name: 'failure', default: '' },
    { name: 'network', default: null },
    { name: 'opening', default: null },
    { name: 'networkError', default: '' },
    { name: 'refused', default: [] },
    { name: 'specimen', default: null },
    { name: 'pictureError', default: '' },
    { name: 'samples', default: null }, // until they were read
    { name: 'second', default: null },
    { name: 'secondError', default: '' },
    { name: 'extras', default: [] },
    { name: 'set', default: null },
    { name: 'setError', default: '' },
    { name: 'reading', default: null },
    { name: 'look', default: null },
    { name: 'looking', default: false },
    { name: 'thumbnails', default: null },
    { name: 'activation', default: null },
    { name: 'activationError', default: '' },
    { name: 'weights', default: null },

    // The library of networks.
    { name: 'bundled', default: [] },
    { name: 'library', default: [] },
    { name: 'kept', default: [] }, // ids of those that are on this computer
    { name: 'features', default: { bytes: 0, networks: 0 } }, // what networks said of pictures, on this computer
    { name: 'fetching', default: null }, // {id, got}: bytes so far
    { name: 'fetched', default: [] }, // what was asked of other hosts, for the proof of privacy
    { name: 'libraryError', default: '' },
    { name: 'offline', default: false },

    // What is pointed at: a cell of a layer, and a pixel of the network's input.
    { name: 'hover', default: null },
    { name: 'pointer', default: null },
    { name: 'open', default: {} },

    // Runs and the film strip.
    { name: 'running', default: null },
    { name: 'batch', default: null }, // {at, total} while methods run one after the other
    { name: 'faults', default: [] }, // methods of it that had nothing to show, and why
    { name: 'runError', default: '' },
    { name: 'frames', default: [] },
    { name: 'shown', default: 0 },
    { name: 'picked', default: [] },
    { name: 'comparing', default: false },
    { name: 'item', default: 0 },
    { name: 'moment', default: -1 }, // frame of a film; -1: the last
    { name: 'brushing', default: false },
    { name: 'brush', default: { side: '+', radius: 14 } }, // side: + - erase; radius in thousandths of the width
    { name: 'zoom', default: { scale: 1, x: 0.5, y: 0.5 } },
    { name: 'wipe', default: 0.5 },
    { name: 'beside', default: true },

    { name: 'dialog', default: '' },
    { name: 'toast', default: '' },
];

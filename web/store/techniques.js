// @ts-check
/** Settings of techniques, and what they are called. */
import { labelOf } from './network.js';

export const QUESTIONS = [
    ['see', 'What does it see?'],
    ['why', 'Why this answer?'],
    ['want', 'What does it look for?'],
    ['fool', 'Can it be fooled?'],
    ['paint', 'What can it paint?'],
    ['alike', 'Which pictures are alike?'],
];

/** The side of the input that defaults in pixels are given for, as in src/techniques/technique.h. */
const SIDE = 224;

/** The table with the defaults that hold for a network. @param {any[]} techniques @param {string} size of its input, as "64x64" */
export function fitDefaults(techniques, size) {
    const side = Math.min(...(size.match(/\d+/g) ?? [SIDE]).map(Number));
    /** @param {any} p */
    const fit = (p) => Math.min(p.max, Math.max(p.min, Math.round((p.default * side) / SIDE)));
    return techniques.map((technique) => ({
        ...technique,
        parameters: technique.parameters.map((p) => (p.scaled ? { ...p, default: fit(p) } : p)),
    }));
}

/** The value of one parameter: what the address bar or the user says, brought into range, or its default. */
export function valueOf(parameter, settings) {
    const given = settings[parameter.name];
    if (given === undefined) return parameter.default;
    if (parameter.type === 'int' || parameter.type === 'float') {
        const value = parameter.type === 'int' ? Math.round(Number(given)) : Number(given);
        if (!Number.isFinite(value)) return parameter.default;
        return Math.min(parameter.max ?? Infinity, Math.max(parameter.min ?? -Infinity, value));
    }
    if (parameter.type === 'flag') return given === true || given === 'true' || given === '1';
    if (parameter.type === 'choice') {
        return parameter.choices.includes(String(given)) ? String(given) : parameter.default;
    }
    return String(given);
}

/** Every parameter of a technique with its value; a target is the page's own target. */
export function valuesOf(technique, state) {
    const settings = { ...state.settings };
    return Object.fromEntries(
        technique.parameters.map((p) => [
            p.name,
            p.type === 'target' ? state.target : valueOf(p, settings),
        ]),
    );
}

/** The parameter that is painted over the picture; undefined where a technique has none. */
export const strokesOf = (technique) => technique?.parameters.find((p) => p.type === 'strokes');

/** Whether a technique is done by the network itself, which has to give a picture. */
export const needsPainter = (technique) => technique.id === 'style-fast';

/** How many pictures a technique takes at most. */
export const mostPictures = (technique) => technique.most_pictures ?? technique.pictures;

/** What the picture at an index is to a technique: "style" for STYLE_IMAGE; '' where the table does not say. */
export const roleOf = (technique, index) =>
    (/^\[?([A-Z]+)_IMAGE/.exec((technique?.images ?? '').split(' ')[index])?.[1] ?? '').toLowerCase();

/** So many are a set: a folder rather than pictures chosen one by one. */
const SET_FROM = 9;
export const takesSet = (technique) => mostPictures(technique) >= SET_FROM;

/** Techniques that look for what is like one picture have it first: "IMAGE OTHER_IMAGE...". */
const startsWithOne = (technique) => /^\w+ \w+\.\.\.$/.test(technique.images ?? '');

/**
 * The pictures that a technique gets, of those that are there, in the order of the run: the specimen and those chosen
 * for it, or the set.
 */
export function picturesOf(technique, { specimen, second, extras, set }) {
    if (takesSet(technique)) return [startsWithOne(technique) && specimen, set].filter(Boolean);
    return [specimen, second, ...extras].filter(Boolean).slice(0, mostPictures(technique));
}

/** What is missing of the pictures, in a sentence; '' when nothing is. */
export function missingPictures(technique, state) {
    const { specimen, second, extras, set, reading } = state;
    const one = !takesSet(technique) || startsWithOne(technique);
    if (technique.pictures > 0 && one && !specimen) return 'Open a picture first.';
    if (takesSet(technique)) {
        const needed = technique.pictures - (startsWithOne(technique) ? 1 : 0);
        if (reading) return 'The set of pictures is being read.';
        if (!set) return 'This needs a set of pictures: open a folder under the picture.';
        return set.count < needed ? `This needs ${needed} pictures at least, but the set has ${set.count}.` : '';
    }
    if (technique.pictures > 1 && !second) return 'Choose the second picture.';
    const left = technique.pictures - 2 - extras.length;
    return left > 0 ? `Choose ${left === 1 ? 'one more picture' : `${left} more pictures`}.` : '';
}

/** The settings that differ from the defaults. */
export function changedOf(technique, values) {
    return Object.fromEntries(
        Object.entries(values).filter(([name, value]) => {
            const parameter = technique.parameters.find((p) => p.name === name);
            return (
                parameter &&
                parameter.type !== 'target' &&
                String(value) !== String(parameter.default)
            );
        }),
    );
}

/** The settings that differ, as words; a text that is longer than anybody reads is cut. @returns {string[]} */
export const changesText = ({ changed }) =>
    Object.entries(changed).map(([name, value]) => {
        const text = String(value);
        return `${name} ${text.length > 32 ? `${text.slice(0, 30)}…` : text}`;
    });

const SHAPES = {
    class: /^class:(top|\d+)$/,
    channel: /^channel:(.+):(\d+)$/,
    neuron: /^neuron:(.+):(\d+):(\d+):(\d+)$/,
    layer: /^layer:(.+)$/,
    gram: /^gram:(.+)$/,
};

/** The parts of a target: [kind, node or class, channel, y, x]; null when it is none. Names may hold colons. */
function parseTarget(spec) {
    const kind = spec.split(':')[0];
    const match = SHAPES[kind]?.exec(spec);
    return match ? [kind, ...match.slice(1)] : null;
}

/** The terms of a mix of targets, `class:340 + 0.5*channel:NODE:3`, as [weight, target]. Names may hold + and -:
 * these end a term only where another one follows. */
function termsOf(spec) {
    const terms = [];
    for (const part of spec.split(/(?<!\de)(?=[+-] *(?:[\d.]+(?:e[+-]?\d+)? *\* *)?(?:class|channel|neuron|layer|gram):)/i)) {
        const [, sign, number, target] =
            /^ *([+-]?) *(?:([\d.]+(?:e[+-]?\d+)?) *\* *)?(.*?) *$/is.exec(part) ?? [];
        terms.push([(sign === '-' ? -1 : 1) * Number(number ?? 1), target]);
    }
    return terms;
}

/** `class:340` as people say it, or a mix of such. */
export function targetText(spec, network, look) {
    const terms = termsOf(spec);
    if (terms.length === 1 && terms[0][0] === 1) return termText(terms[0][1], network, look);
    return terms
        .map(([weight, target], i) => {
            const size = Math.abs(weight) === 1 ? '' : `${Math.abs(weight)} × `;
            const sign = weight < 0 ? '− ' : i ? '+ ' : '';
            return `${sign}${size}${termText(target, network, look)}`;
        })
        .join(' ');
}

function termText(spec, network, look) {
    const [kind, node, ...rest] = parseTarget(spec) ?? [''];
    if (kind === 'class' && network?.lacking)
        return 'The classes need operators that are not supported: aim at a layer, a channel or a neuron.';
    if (kind === 'class') {
        const index = node === 'top' ? look?.classes?.[0]?.index : Number(node);
        if (index === undefined) return 'top class';
        return node === 'top' ? `${labelOf(network, index)} (top)` : labelOf(network, index);
    }
    const layer = network?.byName.get(node)?.short ?? node;
    if (kind === 'channel') return `${layer} · channel ${rest[0]}`;
    if (kind === 'neuron') return `${layer} · channel ${rest[0]} at ${rest[1]}, ${rest[2]}`;
    if (kind === 'layer') return layer;
    if (kind === 'gram') return `Gram matrix of ${layer}`;
    return spec;
}

/** Why a target cannot be meant, in one sentence; '' when it can. */
export function targetFault(spec, network) {
    if (!network) return '';
    for (const [, target] of termsOf(spec)) {
        const fault = termFault(target, network);
        if (fault) return fault;
    }
    return '';
}

function termFault(spec, network) {
    const [kind, node, channel] = parseTarget(spec) ?? [''];
    if (!kind)
        return 'A target is class:N, channel:LAYER:C, neuron:LAYER:C:Y:X, layer:LAYER or gram:LAYER, or a sum of such: class:N + 0.5*channel:LAYER:C.';
    if (kind === 'class') {
        const classes = network.layers[network.layers.length - 1]?.channels ?? 0;
        if (node === 'top' || Number(node) < classes) return '';
        return `There is no class ${node}: this network has classes 0 to ${classes - 1}.`;
    }
    const layer = network.byName.get(node);
    if (!layer) return `There is no layer “${node}” in this network.`;
    if (channel !== undefined && !(Number(channel) < layer.channels)) {
        return `${layer.short} has channels 0 to ${layer.channels - 1}.`;
    }
    return '';
}

/** As a word of the shell. @param {string} text */
export const quote = (text) => (/^[\w./:,=-]+$/.test(text) ? text : `'${text.replace(/'/g, "'\\''")}'`);

/** The parameters that are said although they have their default: what is random has its seed beside it. */
const SAID = ['seed'];

/**
 * The command line that makes a frame again.
 * @param {any} frame @param {any} technique
 * @param {{film?: boolean, over?: number}} [shown] what is shown of it, and how strongly over the picture
 */
export function commandOf(frame, technique, { film = false, over = 1 } = {}) {
    const words = ['convoscope', frame.technique, quote(frame.network), ...frame.files.map(quote)];
    for (const parameter of technique?.parameters ?? []) {
        const value = parameter.type === 'target' ? frame.target : frame.values[parameter.name];
        if (value === undefined) continue;
        const said = parameter.type === 'target' || SAID.includes(parameter.name);
        if (!said && String(value) === String(parameter.default)) continue;
        words.push(`--${parameter.name}`, quote(String(value)));
    }
    for (const [key, value] of Object.entries(frame.asked)) words.push(`--${key}`, quote(value));
    if (over < 1) words.push('--overlay', String(over));
    const line = [...words, '--out', `${frame.technique}.${film ? 'gif' : 'png'}`].join(' ');
    return frame.set?.made ? `${frame.set.made} && ${line}` : line;
}

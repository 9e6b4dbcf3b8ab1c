// @ts-nocheck development only, and only numbers drawn at random
/**
 * A stand-in for web/engine/index.js with the same interface and drawn numbers: for designing the page
 * before, or without, the real core. `npm run dev`, then `?mock`. Never part of the site.
 */
import { techniques } from './techniques.js';

export class ConvoscopeError extends Error {
    constructor(code, message) {
        super(message);
        this.code = code;
    }
}

const wait = (ms) => new Promise((done) => setTimeout(done, ms));
const random = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

/** SqueezeNet 1.0, as far as shapes go. */
function buildLayers(size) {
    const layers = [];
    const field = new Map([['data', { size: [1, 1], stride: [1, 1], start: [0, 0] }]]);
    const shapes = new Map([['data', [1, 3, size, size]]]);
    const add = (name, op, inputs, channels, kernel = 1, stride = 1, pad = 0) => {
        const from = field.get(inputs[0]);
        const [, cin, h, w] = shapes.get(inputs[0]);
        const out = (n) => Math.floor((n + 2 * pad - kernel) / stride) + 1;
        const shape = [1, channels, out(h), out(w)];
        const grown = {
            size: from.size.map((s, i) => s + (kernel - 1) * from.stride[i]),
            stride: from.stride.map((s) => s * stride),
            start: from.start.map((s, i) => s - pad * from.stride[i]),
        };
        const output = `${name}_output_0`;
        field.set(output, grown);
        shapes.set(output, shape);
        const conv = op === 'Conv';
        const parameters = conv ? channels * (cin * kernel * kernel + 1) : 0;
        layers.push({
            name,
            op,
            inputs,
            output,
            shape,
            field: grown,
            parameters,
            macs: conv ? channels * cin * kernel * kernel * shape[2] * shape[3] : 0,
            bytes: 4 * channels * shape[2] * shape[3],
            folded: false,
            detail:
                conv || op === 'MaxPool'
                    ? `${kernel}×${kernel}${stride > 1 ? `, stride ${stride}` : ''}`
                    : '',
        });
        return output;
    };
    const conv = (name, from, c, k, s = 1, p = 0) => {
        const out = add(`/features/${name}/Conv`, 'Conv', [from], c, k, s, p);
        return add(
            `/features/${name.includes('/') ? `${name}_activation` : 'features.1'}/Relu`,
            'Relu',
            [out],
            c,
        );
    };
    const pool = (name, from) =>
        add(`/features/${name}/MaxPool`, 'MaxPool', [from], shapes.get(from)[1], 3, 2);
    const fire = (n, from, squeeze, expand) => {
        const name = `features.${n}`;
        const small = conv(`${name}/squeeze`, from, squeeze, 1);
        const one = conv(`${name}/expand1x1`, small, expand, 1);
        const three = conv(`${name}/expand3x3`, small, expand, 3, 1, 1);
        const both = add(`/features/${name}/Concat`, 'Concat', [three, one], 2 * expand);
        return both;
    };
    let x = pool('features.2', conv('features.0', 'data', 96, 7, 2));
    x = fire(5, fire(4, fire(3, x, 16, 64), 16, 64), 32, 128);
    x = pool('features.6', x);
    x = fire(10, fire(9, fire(8, fire(7, x, 32, 128), 48, 192), 48, 192), 64, 256);
    x = fire(12, pool('features.11', x), 64, 256);
    x = add('/classifier/classifier.1/Conv', 'Conv', [x], 1000, 1);
    x = add('/classifier/classifier.2/Relu', 'Relu', [x], 1000);
    const last = shapes.get(x);
    const name = '/classifier/classifier.3/GlobalAveragePool';
    layers.push({
        name,
        op: 'GlobalAveragePool',
        inputs: [x],
        output: 'logits',
        shape: [1, 1000, 1, 1],
        field: null,
        parameters: 0,
        macs: 1000 * last[2] * last[3],
        bytes: 4000,
        folded: false,
        detail: '',
    });
    layers.push({
        name: '/Flatten',
        op: 'Flatten',
        inputs: ['logits'],
        output: 'prob',
        shape: [1, 1000],
        field: null,
        parameters: 0,
        macs: 0,
        bytes: 4000,
        folded: false,
        detail: '',
    });
    return layers;
}

class Model {
    constructor(name, labels) {
        this.name = name;
        this.bytes = 4952222;
        this.labels = labels;
        this.layers = buildLayers(227);
        this.input = { name: 'data', shape: [1, 3, 227, 227] };
        this.outputs = [{ name: 'prob', shape: [1, 1000] }];
        this.parameters = this.layers.reduce((n, l) => n + l.parameters, 0);
        this.macs = this.layers.reduce((n, l) => n + l.macs, 0);
        this.memory = this.layers.reduce((n, l) => n + l.bytes, 0);
        this.preprocessing = {
            size: '227x227',
            channels: 'BGR',
            mean: '104,117,123',
            std: '1,1,1',
            range: '255',
            resize: 'short',
            source: 'guess',
        };
    }

    async setPreprocessing(values) {
        Object.assign(this.preprocessing, values, { source: 'asked' });
    }

    async look(image) {
        const canvas = new OffscreenCanvas(227, 227);
        const ctx = canvas.getContext('2d');
        const bitmap = await createImageBitmap(image);
        const s = Math.max(227 / bitmap.width, 227 / bitmap.height);
        ctx.drawImage(
            bitmap,
            (227 - bitmap.width * s) / 2,
            (227 - bitmap.height * s) / 2,
            bitmap.width * s,
            bitmap.height * s,
        );
        const rgba = ctx.getImageData(0, 0, 227, 227).data;
        this.x = new Float32Array(3 * 227 * 227);
        for (let i = 0; i < 227 * 227; i++)
            for (let c = 0; c < 3; c++) this.x[c * 227 * 227 + i] = rgba[4 * i + c] / 255;
        await wait(120);
        const classes = [
            [340, 0.914],
            [292, 0.031],
            [353, 0.012],
            [352, 0.0089],
            [350, 0.0061],
        ].map(([index, probability]) => ({
            index,
            label: this.labels[index] ?? '',
            probability,
            logit: 20 + Math.log(probability),
        }));
        return {
            classes,
            input: { width: 227, height: 227, data: this.x.slice() },
            seconds: 0.084,
        };
    }

    #layer(name) {
        return this.layers.find((l) => l.name === name || l.output === name);
    }

    #maps(layer, channels) {
        const [, c, h = 1, w = 1] = layer.shape;
        const n = Math.min(c, channels);
        const data = new Float32Array(n * h * w);
        const at = (y, x, k) =>
            this.x[
                k * 227 * 227 +
                    Math.min(226, Math.max(0, y | 0)) * 227 +
                    Math.min(226, Math.max(0, x | 0))
            ];
        for (let k = 0; k < n; k++) {
            const r = random(k * 977 + this.layers.indexOf(layer) * 31);
            const angle = r() * 6.283,
                reach = (227 / h) * (0.6 + r()),
                bias = r() * 0.14,
                plane = (r() * 3) | 0;
            const gain = 4 + 30 * r() * r(),
                dx = Math.cos(angle) * reach,
                dy = Math.sin(angle) * reach;
            for (let y = 0; y < h; y++) {
                for (let x = 0; x < w; x++) {
                    const py = ((y + 0.5) * 227) / h,
                        px = ((x + 0.5) * 227) / w;
                    let v =
                        at(py, px, plane) -
                        0.5 * (at(py + dy, px + dx, plane) + at(py - dy, px - dx, (plane + 1) % 3));
                    v = gain * (v + 0.08 - bias);
                    data[(k * h + y) * w + x] = layer.op === 'Conv' ? v : Math.max(0, v);
                }
            }
        }
        return data;
    }

    async activation(name) {
        const layer = this.#layer(name);
        const data = this.#maps(layer, 1e9);
        let [min, max, sum, squares] = [Infinity, -Infinity, 0, 0];
        for (const v of data) {
            min = Math.min(min, v);
            max = Math.max(max, v);
            sum += v;
            squares += v * v;
        }
        const mean = sum / data.length;
        await wait(10);
        return {
            name,
            shape: layer.shape,
            data,
            stats: {
                min,
                max,
                mean,
                deviation: Math.sqrt(squares / data.length - mean * mean),
                nonfinite: 0,
            },
        };
    }

    async thumbnails() {
        return this.layers
            .filter((l) => l.shape.length === 4 && l.shape[2] > 1)
            .map((l) => ({
                name: l.name,
                width: l.shape[3],
                height: l.shape[2],
                data: this.#maps(l, 1),
            }));
    }

    async weights(name) {
        const layer = this.#layer(name);
        if (layer.op !== 'Conv') return null;
        const k = Number(layer.detail[0]);
        const cin = (layer.parameters / layer.shape[1] - 1) / (k * k);
        const shape = [layer.shape[1], cin, k, k];
        const data = new Float32Array(shape.reduce((a, b) => a * b));
        const r = random(5);
        for (let o = 0; o < shape[0]; o++) {
            const a = r() * 3.14,
                f = 0.4 + r() * 1.4,
                p = r() * 6,
                colour = [r(), r(), r()],
                grey = r() > 0.4;
            for (let i = 0; i < cin; i++) {
                for (let y = 0; y < k; y++) {
                    for (let x = 0; x < k; x++) {
                        const u = (x - (k - 1) / 2) * Math.cos(a) + (y - (k - 1) / 2) * Math.sin(a);
                        const d = ((x - (k - 1) / 2) ** 2 + (y - (k - 1) / 2) ** 2) / (k * k);
                        const amount = grey ? 1 : colour[i % 3] * 2 - 1;
                        data[((o * cin + i) * k + y) * k + x] =
                            0.2 * amount * Math.sin(f * u * 2 + p) * Math.exp(-3 * d);
                    }
                }
            }
        }
        return { shape, data, bias: new Float32Array(layer.shape[1]) };
    }

    run(id, options, { signal, onProgress } = {}) {
        const technique = techniques.find((t) => t.id === id);
        const start = performance.now();
        const total = id === 'style' ? options.steps * 40 : id === 'occlusion' ? 2500 : 700;
        const input = this.x;
        const items = (t) => drawn(technique, input, t, options);
        let finish, fail;
        const result = new Promise((done, no) => {
            finish = done;
            fail = no;
        });
        async function* partials() {
            for (;;) {
                await wait(60);
                const seconds = (performance.now() - start) / 1000;
                const done = Math.min(1, (seconds * 1000) / total);
                onProgress?.({ done, seconds, remaining: seconds / done - seconds });
                const value = { items: items(done), facts: facts(id), partial: done < 1, seconds };
                if (signal?.aborted || done >= 1)
                    return void finish({ ...value, partial: done < 1 });
                yield value;
            }
        }
        const iterator = partials();
        void fail;
        return { result, [Symbol.asyncIterator]: () => iterator };
    }
    close() {}
}

const facts = (id) =>
    ({
        fgsm: [
            { name: 'before', label: 'Before', value: 'zebra 91.4 %', unit: '' },
            { name: 'after', label: 'After', value: 'gazelle 62.0 %', unit: '' },
            { name: 'linf', label: 'L∞', value: 0.00784, unit: '' },
            { name: 'l2', label: 'L2', value: 3.07, unit: '' },
        ],
        occlusion: [{ name: 'probability', label: 'Probability', value: 0.914, unit: '' }],
    })[id] ?? [];

function drawn(technique, x, done, options) {
    const n = 227,
        plane = n * n;
    const map = (h, f, title, signed) => ({
        name: title,
        title,
        kind: 'map',
        shape: [h, h],
        signed,
        colormap: signed ? 'rdbu' : 'inferno',
        data: Float32Array.from({ length: h * h }, (_, i) => f(((i / h) | 0) / h, (i % h) / h)),
    });
    const bounds = (item) => ({
        ...item,
        low: item.data.reduce((a, b) => Math.min(a, b)),
        high: item.data.reduce((a, b) => Math.max(a, b)),
    });
    const at = (u, v, c) =>
        x[c * plane + Math.min(226, (u * n) | 0) * n + Math.min(226, (v * n) | 0)];
    const blob = (u, v) => Math.exp(-((u - 0.45) ** 2 + (v - 0.5) ** 2) * 9);
    const edge = (u, v) => at(u, v, 1) - at(u, v + 1 / n, 1) + at(u + 1 / n, v, 1) - at(u, v, 1);
    const image = (title, f) => ({
        name: title,
        title,
        kind: 'image',
        shape: [3, n, n],
        signed: false,
        low: 0,
        high: 1,
        data: Float32Array.from(x, (v, i) => Math.min(1, Math.max(0, f(v, i)))),
    });
    switch (technique.id) {
        case 'occlusion':
            return [
                bounds(
                    map(
                        13,
                        (u, v) => (u < done ? blob(u, v) * 0.8 + 0.05 * edge(u, v) : 0),
                        'Drop',
                        false,
                    ),
                ),
            ];
        case 'gradcam':
            return [bounds(map(13, blob, 'Evidence', false))];
        case 'fgsm':
            return [
                image('Adversarial', (v, i) => v + (((i * 7919) % 3) - 1) * 0.02),
                image('Perturbation', (v, i) => 0.5 + (((i * 7919) % 3) - 1) * 0.3),
            ];
        case 'style':
            return [
                image(
                    'Picture',
                    (v, i) =>
                        v * (1 - done * 0.6) +
                        done * 0.6 * (0.5 + 0.5 * Math.sin(i * 0.06 + v * 9 + ((i / plane) | 0))),
                ),
                {
                    name: 'loss',
                    title: 'Loss',
                    kind: 'curve',
                    shape: [Math.max(2, (done * options.steps) | 0)],
                    signed: false,
                    low: 0,
                    high: 1,
                    data: Float32Array.from(
                        { length: Math.max(2, (done * options.steps) | 0) },
                        (_, i) => 3e4 * Math.exp(-i / 20) + 900 + 300 * Math.random(),
                    ),
                },
            ];
        case 'filters':
            return [
                {
                    name: 'filters',
                    title: 'Filters',
                    kind: 'tiles',
                    shape: [96, 3, 7, 7],
                    signed: true,
                    low: 0,
                    high: 1,
                    data: Float32Array.from(
                        { length: 96 * 147 },
                        (_, i) => 0.5 + 0.4 * Math.sin(i * 0.3 + ((i / 147) | 0)),
                    ),
                },
            ];
        case 'activations':
            return [
                bounds({
                    name: 'maps',
                    title: 'Maps',
                    kind: 'tiles',
                    shape: [24, 56, 56],
                    signed: false,
                    colormap: 'inferno',
                    data: Float32Array.from({ length: 24 * 3136 }, (_, i) =>
                        Math.max(
                            0,
                            edge((((i % 3136) / 56) | 0) / 56, (i % 56) / 56) *
                                ((((i / 3136) | 0) % 5) - 2),
                        ),
                    ),
                }),
            ];
        default:
            return [
                bounds(
                    map(n, (u, v) => Math.abs(edge(u, v)) * (0.3 + blob(u, v)), 'Magnitude', false),
                ),
                bounds(map(n, (u, v) => edge(u, v) * (0.3 + blob(u, v)), 'Signed', true)),
            ];
    }
}

export class Convoscope {
    static async fetch() {
        return new Blob();
    }

    async complete() {}
    static async create() {
        await wait(50);
        const scope = new Convoscope();
        const ramp = (...stops) =>
            Uint8Array.from({ length: 768 }, (_, i) => {
                const t = (((i / 3) | 0) / 255) * (stops.length - 1),
                    k = Math.min(stops.length - 2, t | 0);
                return stops[k][i % 3] + (t - k) * (stops[k + 1][i % 3] - stops[k][i % 3]);
            });
        scope.colormaps = {
            viridis: ramp(
                [68, 1, 84],
                [59, 82, 139],
                [33, 145, 140],
                [94, 201, 98],
                [253, 231, 37],
            ),
            inferno: ramp([0, 0, 4], [87, 16, 110], [188, 55, 84], [249, 142, 9], [252, 255, 164]),
            cividis: ramp(
                [0, 34, 78],
                [87, 93, 109],
                [138, 134, 120],
                [188, 175, 108],
                [254, 232, 56],
            ),
            rdbu: ramp(
                [33, 102, 172],
                [146, 197, 222],
                [247, 247, 247],
                [244, 165, 130],
                [178, 24, 43],
            ),
            grey: ramp([0, 0, 0], [255, 255, 255]),
        };
        scope.techniques = techniques;
        scope.info = { simd: true, threads: 2, isolated: true, version: 'mock' };
        return scope;
    }

    async open(source, { name = 'mock.onnx', onProgress } = {}) {
        for (let i = 1; i < 8; i++) {
            await wait(30);
            onProgress?.({ done: i / 8 });
        }
        if (/\.(pth|pt)$/.test(name)) {
            throw new ConvoscopeError(
                'format',
                `“${name}” is a PyTorch checkpoint, not a network: export it with torch.onnx.export.`,
            );
        }
        const labels = (
            await fetch('/labels.txt')
                .then((r) => (r.ok ? r.text() : ''))
                .catch(() => '')
        )
            .split('\n')
            .filter(Boolean);
        return new Model(name, labels);
    }

    async keptFeatures() {
        return { bytes: this.features ?? 4.2e6, networks: 1 };
    }

    async removeFeatures() {
        this.features = 0;
    }

    close() {}
}

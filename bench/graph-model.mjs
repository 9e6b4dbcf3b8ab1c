// @ts-check
/**
 * SqueezeNet 1.1 as TensorFlow.js' own converter writes a network: a graph of operations with fused convolutions in
 * model.json, and the weights beside it in pieces of 4 MiB. They are random; the sizes are what counts.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fillRandom } from './peers/input.js';

const SHARD = 4 << 20;

/** @typedef {{name: string, shape: number[], dtype: 'float32' | 'int32', data: Float32Array | Int32Array}} Weight */

const text = (/** @type {string} */ value) => ({ s: Buffer.from(value).toString('base64') });
const list = (/** @type {number[]} */ values) => ({ list: { i: values.map(String) } });
const FLOAT = { type: 'DT_FLOAT' };

/** Nodes and weights, written down one after another; each call gives the name of what it added. */
class Graph {
    /** @type {any[]} */
    nodes = [];
    /** @type {Weight[]} */
    weights = [];

    /** @param {string} name @param {string} op @param {string[]} input @param {Record<string, any>} attr */
    node(name, op, input, attr) {
        this.nodes.push({ name, op, input, attr });
        return name;
    }

    /** @param {string} name @param {number[]} shape @param {Float32Array | Int32Array} data */
    constant(name, shape, data) {
        const [dtype, type] = data instanceof Float32Array ? /** @type {const} */ (['float32', 'DT_FLOAT']) : /** @type {const} */ (['int32', 'DT_INT32']);
        this.weights.push({ name, shape, dtype, data });
        const tensorShape = { dim: shape.map((size) => ({ size: String(size) })) };
        return this.node(name, 'Const', [], { dtype: { type }, value: { tensor: { dtype: type, tensorShape } } });
    }

    /** @param {string} name @param {string} x @param {number} from @param {number} to @param {number} kernel @param {number} [stride] */
    conv(name, x, from, to, kernel, stride = 1) {
        const scale = Math.sqrt(6 / (kernel * kernel * from));
        const filter = fillRandom(new Float32Array(kernel * kernel * from * to), scale);
        return this.node(name, '_FusedConv2D', [
            x, this.constant(`${name}/w`, [kernel, kernel, from, to], filter), this.constant(`${name}/b`, [to], new Float32Array(to)),
        ], {
            T: FLOAT, strides: list([1, stride, stride, 1]), dilations: list([1, 1, 1, 1]), padding: text(stride > 1 ? 'VALID' : 'SAME'),
            data_format: text('NHWC'), fused_ops: { list: { s: ['BiasAdd', 'Relu'].map((op) => text(op).s) } }, num_args: { i: '1' },
            epsilon: { f: 0 }, explicit_paddings: { list: {} },
        });
    }

    /** @param {string} name @param {string} x */
    pool(name, x) {
        return this.node(name, 'MaxPool', [x], { T: FLOAT, ksize: list([1, 3, 3, 1]), strides: list([1, 2, 2, 1]), padding: text('VALID'), data_format: text('NHWC') });
    }

    /** @param {string} name @param {string} x @param {number} from @param {number} squeeze @param {number} expand */
    fire(name, x, from, squeeze, expand) {
        const y = this.conv(`${name}/squeeze`, x, from, squeeze, 1);
        const parts = [this.conv(`${name}/expand1`, y, squeeze, expand, 1), this.conv(`${name}/expand3`, y, squeeze, expand, 3)];
        const axis = this.constant(`${name}/axis`, [], Int32Array.of(3));
        return this.node(name, 'ConcatV2', [...parts, axis], { T: FLOAT, Tidx: { type: 'DT_INT32' }, N: { i: '2' } });
    }
}

/** Iandola et al. 2016, version 1.1. */
function squeezenet() {
    const g = new Graph();
    const dim = [-1, 224, 224, 3].map((size) => ({ size: String(size) }));
    let x = g.node('input', 'Placeholder', [], { dtype: FLOAT, shape: { shape: { dim } } });
    x = g.pool('pool1', g.conv('conv1', x, 3, 64, 3, 2));
    x = g.pool('pool3', g.fire('fire3', g.fire('fire2', x, 64, 16, 64), 128, 16, 64));
    x = g.pool('pool5', g.fire('fire5', g.fire('fire4', x, 128, 32, 128), 256, 32, 128));
    x = g.fire('fire7', g.fire('fire6', x, 256, 48, 192), 384, 48, 192);
    x = g.fire('fire9', g.fire('fire8', x, 384, 64, 256), 512, 64, 256);
    x = g.conv('conv10', x, 512, 1000, 1);
    g.node('output', 'Mean', [x, g.constant('axes', [2], Int32Array.of(1, 2))], { T: FLOAT, Tidx: { type: 'DT_INT32' }, keep_dims: { b: false } });
    return g;
}

/** Writes FOLDER/model.json and its weights. @param {string} folder */
export function writeGraphModel(folder) {
    const { nodes, weights } = squeezenet();
    const bytes = Buffer.concat(weights.map(({ data }) => Buffer.from(data.buffer, data.byteOffset, data.byteLength)));
    const count = Math.ceil(bytes.length / SHARD);
    const paths = Array.from({ length: count }, (_, i) => `group1-shard${i + 1}of${count}.bin`);
    mkdirSync(folder, { recursive: true });
    paths.forEach((path, i) => writeFileSync(join(folder, path), bytes.subarray(i * SHARD, (i + 1) * SHARD)));
    writeFileSync(join(folder, 'model.json'), JSON.stringify({
        format: 'graph-model',
        modelTopology: { node: nodes, library: {}, versions: { producer: 1 } },
        weightsManifest: [{ paths, weights: weights.map(({ name, shape, dtype }) => ({ name, shape, dtype })) }],
    }));
}

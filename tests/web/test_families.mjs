// @ts-check
/**
 * Every family of networks gives what onnxruntime-web gives for the same input: through the command
 * line, and, up to a size of file, through the engine in this browser. The networks are those that
 * tests/families/test_families.py leaves in build/families, and the two of the test data.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { test } from 'node:test';
import { SQUEEZENET, isChromium, noData, openSite, shared } from './harness.mjs';
import { fromBase64, readNpy, relativeError, toBase64, writeNpy } from './npy.mjs';
import { onnxruntimeForward } from './onnxruntime.mjs';

/** Relative L2 error that the output may have. */
const FORWARD = 1e-4;

/** Bytes of the largest network that is opened in the browser; the command line takes all of them. */
const IN_BROWSER = isChromium ? 64e6 : 8e6;

const FAMILIES = resolve('build/families');
const PROGRAM = resolve(process.env.CONVOSCOPE ?? 'build/native/convoscope');

/**
 * @typedef {object} Network
 * @property {string} path
 * @property {() => {shape: number[], data: Float32Array}} input
 */

/** Whole numbers from 0 to 255, the same at each run. @param {number[]} shape */
function noise(shape) {
    const data = new Float32Array(shape.reduce((a, b) => a * b, 1));
    let state = 1;
    for (let i = 0; i < data.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        data[i] = state >>> 24;
    }
    return { shape, data };
}

/** @returns {Network[]} */
function exported() {
    if (!existsSync(FAMILIES)) return [];
    const stems = readdirSync(FAMILIES)
        .filter((name) => name.endsWith('.onnx'))
        .map((name) => join(FAMILIES, name.slice(0, -5)));
    return stems.map((stem) => ({ path: `${stem}.onnx`, input: () => readNpy(`${stem}.input.npy`) }));
}

/** @returns {Network[]} */
const given = () => [
    { path: SQUEEZENET, input: () => readNpy(shared('reference/squeezenet_zebra/input.npy')) },
    { path: shared('data/models/style_wave.onnx'), input: () => noise([1, 3, 96, 128]) },
];

/**
 * What the command line gives.
 * @param {string} path @param {{shape: number[], data: Float32Array}} input @param {string} folder
 */
function commandForward(path, input, folder) {
    const [from, to] = [join(folder, 'input.npy'), join(folder, 'output.npy')];
    writeNpy(from, input);
    const size = input.shape.slice(-2).join('x');
    execFileSync(PROGRAM, ['run', path, '--input', from, '--size', size, '--out', to], {
        stdio: ['ignore', 'ignore', 'inherit'],
    });
    return readNpy(to).data;
}

/** Runs in the page: what the engine gives for the network that was picked. */
async function engineForward(
    /** @type {HTMLInputElement} */ picker,
    /** @type {string} */ input,
    /** @type {number[]} */ [height, width],
) {
    const raw = Uint8Array.from(atob(input), (c) => c.charCodeAt(0));
    const file = /** @type {FileList} */ (picker.files)[0];
    const model = await /** @type {any} */ (window).convoscope.open(file);
    try {
        const data = await model.forward(new Float32Array(raw.buffer), { height, width });
        const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
        let text = '';
        for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode(...bytes.subarray(i, i + 32768));
        return btoa(text);
    } finally {
        await model.close();
    }
}

/** @param {import('puppeteer-core').Page} page @returns {Promise<(network: Network) => Promise<Float32Array>>} */
async function engineOf(page) {
    const picker = await page.evaluateHandle(() => {
        const input = document.createElement('input');
        input.type = 'file';
        document.body.append(input);
        return input;
    });
    return async ({ path, input }) => {
        const { shape, data } = input();
        await picker.uploadFile(path);
        return fromBase64(await page.evaluate(engineForward, picker, toBase64(data), shape.slice(-2)));
    };
}

/**
 * @param {import('node:test').TestContext} t
 * @param {Network[]} networks
 */
async function compare(t, networks) {
    const folder = mkdtempSync(join(tmpdir(), 'convoscope-families-'));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const { page } = await openSite(t);
    const engine = await engineOf(page);
    const rows = [`${'network'.padEnd(28)} ${'command'.padStart(9)} ${'engine'.padStart(9)}`];
    for (const network of networks) {
        const small = statSync(network.path).size <= IN_BROWSER;
        if (!small && !isChromium) continue;
        const name = basename(network.path, '.onnx');
        await t.test(name, async () => {
            const input = network.input();
            const expected = await onnxruntimeForward(network.path, input);
            /** @param {Float32Array} got */
            const error = (got) => {
                assert.equal(got.length, expected.length, `${name}: another number of values`);
                return relativeError(got, expected);
            };
            // The command line is the same in every browser: Chromium's turn is enough.
            const command = isChromium ? error(commandForward(network.path, input, folder)) : null;
            const inBrowser = small ? error(await engine(network)) : null;
            const cells = [command, inBrowser].map((e) => (e === null ? '-' : e.toExponential(1)).padStart(9));
            rows.push(`${name.padEnd(28)} ${cells.join(' ')}`);
            // Also false for what is no number.
            for (const e of [command, inBrowser]) assert.ok(e === null || e <= FORWARD, `relative error ${e}`);
        });
    }
    for (const row of rows) t.diagnostic(row);
}

const families = exported();
const noFamilies = families.length > 0 ? false : `${FAMILIES} has no networks: run tests/families/test_families.py`;

test('the families agree with onnxruntime-web', { skip: noFamilies }, (t) => compare(t, families));

test('the networks of the test data agree with onnxruntime-web', { skip: noData }, (t) => compare(t, given()));

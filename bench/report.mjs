// @ts-check
/** The table and build/bench.json. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';

/**
 * @typedef {{name: string, threads: number, times: number[]}} Measured
 * @typedef {{row: import('./rows.mjs').Row, measured: Measured[]}} Result
 */

/** The highest ratio of our native time to PyTorch's that passes. */
const NATIVE_LIMIT = 1;

/** Those that a ratio is to, and all that have a column. */
const PEERS = ['onnxruntime-web', 'TensorFlow.js'];
const COLUMNS = ['Convoscope', ...PEERS, 'native', 'PyTorch'];

/** @param {number[]} times */
export function median(times) {
    const sorted = [...times].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/**
 * One line for each row and number of threads.
 * @param {Result} result @param {number} threads
 */
export function line({ row, measured }, threads) {
    const here = measured.filter((m) => m.threads === threads && m.times.length > 0);
    const of = (/** @type {string} */ name) => {
        const found = here.find((m) => m.name === name);
        return found ? median(found.times) : null;
    };
    const ours = of('Convoscope');
    const peers = PEERS.map(of);
    const known = peers.filter((time) => time !== null);
    const ratio = ours !== null && known.length ? ours / Math.min(...known) : null;
    const [native, pytorch] = ['native', 'PyTorch'].map(of);
    return {
        id: row.id, title: row.title, threads, ratio, required: row.required ?? null, aim: row.aim ?? null,
        passed: ratio === null || row.required === undefined ? null : ratio <= row.required,
        convoscope: ours, onnxruntime: peers[0], tensorflow: peers[1], native, pytorch,
        besides: Object.fromEntries(here.filter((m) => !COLUMNS.includes(m.name)).map((m) => [m.name, of(m.name)])),
        native_ratio: native !== null && pytorch !== null ? native / pytorch : null,
        spread: Object.fromEntries(here.map((m) => [m.name, Math.max(...m.times) / Math.min(...m.times)])),
        repetitions: Object.fromEntries(here.map((m) => [m.name, m.times.length])),
    };
}

/** @param {number | null | undefined} value @param {number} digits */
const number = (value, digits) => (value === null || value === undefined ? '' : value.toFixed(digits));

/** Three digits that count. @param {number | null} ms */
const milliseconds = (ms) => number(ms, ms !== null && ms < 100 ? 1 : 0);

/** @typedef {ReturnType<typeof line>} Line */

/** Columns of the table. @param {string} title @param {string[]} cells */
const show = (title, cells) => console.log(title.padEnd(44) + cells.map((c) => c.padStart(9)).join(''));

export function printHead() {
    show('', ['threads', 'ratio', 'required', '', 'aim', '', 'ours ms', 'ort ms', 'tfjs ms', 'native', 'to torch', '', 'torch ms']);
}

/** @param {Line} l */
export function printLine(l) {
    const verdict = (/** @type {number | null} */ limit) =>
        l.ratio === null || limit === null ? '' : l.ratio <= limit ? 'pass' : 'FAIL';
    show(l.title, [
        `${l.threads}`, number(l.ratio, 3), number(l.required, 3), verdict(l.required), number(l.aim, 3),
        verdict(l.aim), milliseconds(l.convoscope), milliseconds(l.onnxruntime), milliseconds(l.tensorflow),
        milliseconds(l.native), number(l.native_ratio, 3),
        l.native_ratio === null ? '' : l.native_ratio <= NATIVE_LIMIT ? 'pass' : 'FAIL', milliseconds(l.pytorch),
    ]);
    for (const [name, time] of Object.entries(l.besides)) {
        if (l.convoscope !== null && time !== null) console.log(`  besides: ${name}, ${milliseconds(time)} ms, ratio ${number(l.convoscope / time, 3)}`);
    }
}

/** @param {Line[]} all */
export function printSum(all) {
    const judged = all.filter((l) => l.passed !== null);
    const passed = judged.filter((l) => l.passed);
    console.log(`\nratio: our median by that of the better peer on as many threads; ${passed.length} of `
        + `${judged.length} are as required`);
    const beside = all.filter((l) => l.native_ratio !== null);
    if (beside.length === 0) return;
    const quick = beside.filter((l) => Number(l.native_ratio) <= NATIVE_LIMIT);
    console.log(`native: the command line and PyTorch on the same cores; ${quick.length} of ${beside.length} are at most `
        + `${NATIVE_LIMIT.toFixed(1)} times PyTorch's time`);
}

/** @param {string} path @param {any} report */
export function save(path, report) {
    mkdirSync('build', { recursive: true });
    const machine = { processor: cpus()[0]?.model, cores: cpus().length, date: new Date().toISOString() };
    writeFileSync(path, `${JSON.stringify({ ...machine, ...report }, null, 2)}\n`);
}

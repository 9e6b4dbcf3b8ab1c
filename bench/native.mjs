// @ts-check
/** Those who compute natively: the command line, and PyTorch on the same cores. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** @typedef {import('./browser.mjs').Contender} Contender */
/** @typedef {import('./rows.mjs').Row} Row */

const PROGRAM = 'build/native/convoscope';

/** What both can do. @param {Row} row */
export const isNative = (row) => row.task === 'forward' || row.task === 'gradient';

/** @param {string} networks folder @param {number} threads @param {Row} row @returns {Contender} */
export function program(networks, threads, { task, model, target, size }) {
    const aim = target ? ['--target', target] : [];
    return {
        name: 'native',
        threads,
        measure: async (repetitions) => {
            const words = ['bench', `${networks}/${model}.onnx`, '--json', '--threads', threads, '--runs', repetitions,
                '--size', `${size}x${size}`, ...aim];
            const told = JSON.parse(execFileSync(PROGRAM, words.map(String), { encoding: 'utf8' }));
            return Array(repetitions).fill(told[task].median * 1000);
        },
    };
}

/** One process for all requests, one line of JSON each: starting it takes seconds. */
export class PyTorch {
    #process = spawn('/usr/bin/python3', ['bench/pytorch.py'], { stdio: ['pipe', 'pipe', 'inherit'] });
    #lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();

    /** @param {any} request */
    async #ask(request) {
        this.#process.stdin.write(`${JSON.stringify(request)}\n`);
        const { value, done } = await this.#lines.next();
        if (done) throw new Error('bench/pytorch.py ended early');
        return JSON.parse(value);
    }

    /** @param {number} threads @param {Row} row @returns {Contender} */
    contender(threads, { task, model, target, size }) {
        const request = { model, target: target ?? null, size, threads, gradient: task === 'gradient' };
        return {
            name: 'PyTorch',
            threads,
            measure: async (repetitions) => (await this.#ask({ ...request, repetitions })).times,
        };
    }

    close() {
        this.#process.stdin.end();
    }
}

/** Why nothing can be measured natively here, or null. */
export function missingNative() {
    return existsSync(PROGRAM) ? null : `${PROGRAM} does not exist: run \`make native\``;
}

// @ts-check
/**
 * Runs one test program that was compiled to WebAssembly and ends with its exit status.
 *
 *     node tools/run_wasm_test.mjs build/wasm/tests/tests/test_ops_relu.js [ARGUMENT...]
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';

const [file, ...args] = process.argv.slice(2);
if (!file) {
    console.error('usage: run_wasm_test.mjs PROGRAM.js [ARGUMENT...]');
    process.exit(2);
}
const path = resolve(file);
const createModule = createRequire(import.meta.url)(path);

/** @type {number | undefined} */
let status;
try {
    await createModule({
        arguments: args,
        // The glue would fetch() the file, which Node's fetch refuses for local paths.
        wasmBinary: readFileSync(path.replace(/\.js$/, '.wasm')),
        preRun: (/** @type {any} */ module) => Object.assign(module.ENV, process.env),
        /** @param {number} code */
        quit: (code) => {
            status = code;
        },
    });
} catch (error) {
    console.error(error);
    status = 1;
}
process.exitCode = status ?? 0;

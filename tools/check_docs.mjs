// @ts-check
/**
 * Fails when a document has fallen behind: docs/operators.md and docs/techniques.md must be what
 * `make docs` writes, and README.md must name every make target.
 */
import { existsSync, readFileSync } from 'node:fs';
import { DOCUMENTS, operators, techniques } from './docs.mjs';

/** @type {string[]} */
const faults = [];

/** @param {string} path @returns {string} */
function read(path) {
    if (existsSync(path)) return readFileSync(path, 'utf8');
    faults.push(`${path} does not exist`);
    return '';
}

if (operators().length === 0) faults.push('src/ops/ops.def: no op was found in it');
if (techniques().length === 0) faults.push('the table of techniques is empty');
for (const [path, write] of Object.entries(DOCUMENTS)) {
    if (read(path) !== write()) faults.push(`${path} is behind its table: run \`make docs\``);
}

const targets = [...read('Makefile').matchAll(/^([a-z]+):.*## /gm)].map((match) => match[1]);
const readme = read('README.md');
for (const target of targets) {
    if (target !== 'help' && !readme.includes(`make ${target}`)) {
        faults.push(`README.md: no \`make ${target}\``);
    }
}

for (const fault of faults) console.error(fault);
process.exit(faults.length ? 1 : 0);

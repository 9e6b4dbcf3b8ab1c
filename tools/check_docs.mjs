// @ts-check
/**
 * Fails when a document has fallen behind the tables: every op of src/ops/ops.def must be named in
 * docs/operators.md, every technique of src/techniques/techniques.def in docs/techniques.md
 * together with its parameters, and every make target in README.md.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/** @type {string[]} */
const faults = [];

/** @param {string} path @returns {string | null} */
function read(path) {
    if (existsSync(path)) return readFileSync(path, 'utf8');
    faults.push(`${path} does not exist`);
    return null;
}

/** Every name must stand in the document as `code`. @param {string} path @param {string[]} names */
function expectNames(path, names) {
    const text = read(path);
    if (text === null) return;
    for (const name of names) {
        if (!text.includes(`\`${name}\``)) faults.push(`${path} does not mention \`${name}\``);
    }
}

/** The ONNX names in the table of ops: OP(identifier, "Name"). @returns {string[]} */
function opNames() {
    const text = (read('src/ops/ops.def') ?? '').replace(/\/\*[\s\S]*?\*\//g, '');
    return [...text.matchAll(/^\s*OP\(\s*\w+\s*,\s*"(\w+)"/gm)].map((match) => match[1]);
}

const ops = opNames();
if (ops.length === 0) faults.push('src/ops/ops.def: no op was found in it');
expectNames('docs/operators.md', ops);

const program = process.env.CONVOSCOPE ?? 'build/native/convoscope';
if (existsSync(program)) {
    const listing = execFileSync(program, ['techniques', '--json'], { encoding: 'utf8' });
    /** @type {{id: string, parameters: {name: string}[]}[]} */
    const techniques = JSON.parse(listing);
    if (techniques.length === 0) faults.push('the table of techniques is empty');
    const names = techniques.flatMap((t) => [t.id, ...t.parameters.map((p) => p.name)]);
    expectNames('docs/techniques.md', [...new Set(names)]);
} else {
    faults.push(`${program} does not exist; run \`make native\` first`);
}

const makefile = read('Makefile') ?? '';
const targets = [...makefile.matchAll(/^([a-z]+):.*## /gm)].map((match) => match[1]);
const readme = read('README.md') ?? '';
for (const target of targets) {
    if (target === 'help') continue;
    if (!readme.includes(`make ${target}`)) faults.push(`README.md: no \`make ${target}\``);
}

for (const fault of faults) console.error(fault);
process.exit(faults.length ? 1 : 0);

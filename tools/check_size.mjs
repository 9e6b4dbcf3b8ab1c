// @ts-check
/** Fails when a WebAssembly module with its loader is larger than it may be, gzipped. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';

/** In bytes; a kilobyte is 1,000 of them. */
const LIMIT = 300_000;

let failed = false;
let found = 0;
for (const kind of ['simd', 'threads', 'relaxed', 'relaxed-threads']) {
    const folder = `dist/wasm/${kind}`;
    if (!existsSync(folder)) continue;
    found++;
    const files = readdirSync(folder);
    const size = files.reduce((sum, f) => sum + gzipSync(readFileSync(`${folder}/${f}`)).length, 0);
    const kilobytes = (size / 1000).toFixed(1);
    console.log(`${kind}: ${kilobytes} KB of ${LIMIT / 1000} KB gzipped (${files.join(', ')})`);
    failed ||= size > LIMIT;
}
if (found === 0) {
    console.log('dist/wasm does not exist; run `make site` first.');
    process.exit(77);
}
process.exit(failed ? 1 : 0);

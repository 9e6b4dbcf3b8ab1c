// @ts-check
/**
 * Runs one file of browser tests in one browser.
 *
 *     node tests/web/run.mjs chromium|firefox tests/web/test_open.mjs [NAME PATTERN]
 *
 * Ends with 0 when all passed, 1 when one failed, 77 when all were skipped (the reasons are
 * printed).
 */
import { existsSync } from 'node:fs';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';

const [browser, file, pattern] = process.argv.slice(2);
if (!['chromium', 'firefox'].includes(browser) || !file || !existsSync(file)) {
    console.error('usage: run.mjs chromium|firefox TEST.mjs [NAME PATTERN]');
    process.exit(2);
}
if (!existsSync('dist/index.html')) {
    console.error('dist/index.html does not exist; run `make site` first.');
    process.exit(1);
}
process.env.CONVOSCOPE_BROWSER = browser;

let passed = 0;
let failed = 0;
/** @type {Set<string>} */
const skipped = new Set();
const events = run({
    files: [file],
    timeout: 480_000,
    ...(pattern ? { testNamePatterns: [new RegExp(pattern)] } : {}),
});
events.on('test:pass', (event) => {
    if (event.nesting > 0) return;
    if (event.skip !== undefined) skipped.add(`${event.name}: ${event.skip}`);
    else passed++;
});
events.on('test:fail', () => failed++);
events.compose(new spec()).pipe(process.stdout);
events.on('end', () => {
    for (const reason of skipped) console.log(`SKIPPED ${reason}`);
    if (failed > 0) process.exitCode = 1;
    else if (passed === 0) process.exitCode = 77;
});

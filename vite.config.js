// @ts-check
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { build, defineConfig, minify } from 'vite';

const root = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

/** What the site carries that Vite must leave alone: the modules find their siblings themselves. */
const CARRIED = [
    ...['simd', 'threads', 'relaxed', 'relaxed-threads'].map((kind) => (
        { from: `build/wasm/${kind}`, to: `wasm/${kind}`, pattern: /^convoscope(\.worker)?\.(js|wasm)$/ })),
    { from: 'build/samples', to: 'samples', pattern: /\.(png|jpg|json)$/ },
    { from: 'build/pictures', to: 'pictures', pattern: /\.(jpg|json)$/ },
    { from: 'models', to: 'models', pattern: /(\.onnx|\.txt|^(?!index\.).*\.json)$/ },
];

/** The kinds of modules that have a loader of their own. */
const LOADERS = ['simd', 'threads'];

/**
 * The bundled networks, largest first but networks that paint last: the first is opened with the page. What
 * there is to say of one stands in models/index.json: {"NAME.onnx": {"title": ..., "about": ..., "order": 1}}.
 */
function bundledNetworks() {
    const folder = join(root, 'models');
    if (!existsSync(folder)) return [];
    const said = join(folder, 'index.json');
    /** @type {Record<string, {title?: string, about?: string, order?: number}>} */
    const texts = existsSync(said) ? JSON.parse(readFileSync(said, 'utf8')) : {};
    return readdirSync(folder)
        .filter((file) => file.endsWith('.onnx'))
        .map((file) => {
            const id = file.replace(/\.onnx$/, '');
            const { size } = statSync(join(folder, file));
            return { id, file, title: id, order: 99, bytes: size, ...texts[file] };
        })
        .sort((a, b) => a.order - b.order || b.bytes - a.bytes);
}

/** The first of the sample pictures. @returns {{file: string, title: string, credit: string} | undefined} */
function firstSample() {
    const samples = join(root, 'build/samples/index.json');
    return existsSync(samples) ? JSON.parse(readFileSync(samples, 'utf8'))[0] : undefined;
}

/** What the page opens with, as web/opening.js reads it. */
function opening() {
    const [network] = bundledNetworks();
    const sample = firstSample();
    return {
        ...(network && { model: `./models/${network.file}` }),
        ...(sample && { picture: `./samples/${sample.file}`, name: sample.title, credit: sample.credit }),
    };
}

/** The files of that, and the lists beside them. */
function openingFiles() {
    const { model, picture } = opening();
    return [
        ...(model ? ['models/index.json', model.slice(2)] : []),
        ...(picture ? ['samples/index.json', picture.slice(2)] : []),
    ];
}

/**
 * Carries built files into the site and writes files.json, the list that the service worker keeps
 * for use without a network.
 * @returns {import('vite').Plugin}
 */
function carry() {
    return {
        name: 'convoscope-carry',
        async generateBundle(_, bundle) {
            const names = Object.keys(bundle);
            for (const { from, to, pattern } of CARRIED) {
                const folder = join(root, from);
                if (!existsSync(folder)) continue;
                const files = readdirSync(folder).filter((name) => pattern.test(name));
                for (const file of files.sort()) {
                    const fileName = `${to}/${file}`;
                    const source = await carried(join(folder, file));
                    this.emitFile({ type: 'asset', fileName, source });
                    names.push(fileName);
                }
            }
            const bundled = JSON.stringify(bundledNetworks());
            this.emitFile({ type: 'asset', fileName: 'models/index.json', source: bundled });
            // The page and what it opens with are kept at once; other networks, pictures and samples when they
            // have been asked for.
            const page = names.filter((name) => !/^(models|pictures|samples)\/|\.map$/.test(name));
            const source = JSON.stringify([...new Set(['./', ...page, ...openingFiles()])].sort());
            this.emitFile({ type: 'asset', fileName: 'files.json', source });
        },
    };
}

/** A file as the site has it: of a loader, emcc shortens no name. @param {string} path */
async function carried(path) {
    const source = readFileSync(path);
    if (!path.endsWith('.js')) return source;
    const { code, errors } = await minify(path, source.toString(), { module: !path.endsWith('.worker.js') });
    if (errors.length) throw new Error(`${path}: ${errors[0].message}`);
    return code;
}

/**
 * Says where the views are, so that the page can have them fetched before the script that imports them asks.
 * @returns {import('vite').Plugin}
 */
function announceViews() {
    return {
        name: 'convoscope-announce-views',
        transformIndexHtml: {
            order: 'post',
            handler(_, { bundle = {} }) {
                const views = Object.values(bundle).filter((part) => part.type === 'chunk' && part.name === 'app');
                return views.map(({ fileName }) => (
                    { tag: 'link', injectTo: 'head', attrs: { id: 'views', crossorigin: true, href: `./${fileName}` } }));
            },
        },
    };
}

/**
 * Workers that have a loader in their script already, by the kind of its module: those of fused multiply-add have the
 * same loaders. Their modules are handed over, so that the loader looks for no file.
 * @returns {import('vite').Plugin}
 */
function wholeWorkers() {
    return {
        name: 'convoscope-whole-workers',
        apply: 'build',
        async buildStart() {
            for (const kind of LOADERS) {
                const loader = join(root, 'build/wasm', kind, 'convoscope.js');
                const source = await bundle({ entry: 'engine/worker-whole.js', formats: ['es'] }, {
                    plugins: [{
                        name: 'convoscope-loader',
                        enforce: 'pre',
                        resolveId: (id) => (id === 'convoscope-loader' ? loader : null),
                        transform: (code, id) => (id === loader ? code.replaceAll('new URL("', 'new URL(/* @vite-ignore */ "') : null),
                    }],
                });
                this.emitFile({ type: 'asset', name: `worker-${kind}.js`, source });
            }
        },
    };
}

/**
 * Writes into the page what it opens with, and the script that asks for it before any other has come. The content
 * security policy gets that script's hash; tools/serve.mjs puts it into the header as well.
 * @returns {import('vite').Plugin}
 */
function openEarly() {
    return {
        name: 'convoscope-open-early',
        transformIndexHtml: {
            order: 'post',
            async handler(page, { bundle: parts }) {
                const json = JSON.stringify(opening()).replaceAll('<', '\\u003c');
                const html = page.replace(/(id="opening">)[^<]*/, (_, start) => start + json);
                if (!parts) return html;
                const script = await bundleEarly(Object.fromEntries(LOADERS.map((kind) => [kind, addressOf(parts, `worker-${kind}.js`)])));
                const hash = createHash('sha256').update(script).digest('base64');
                return html
                    .replace("script-src 'self'", `script-src 'self' 'sha256-${hash}'`)
                    .replace(/(id="opening">[^<]*<\/script>)/, (_, data) => `${data}\n    <script>${script}</script>`);
            },
        },
    };
}

/** Where a file of the bundle is, for the page. @param {import('vite').Rollup.OutputBundle} parts @param {string} name */
function addressOf(parts, name) {
    const part = Object.values(parts).find((p) => p.type === 'asset' && p.names.includes(name));
    if (!part) throw new Error(`the bundle has no ${name}`);
    return `./${part.fileName}`;
}

/** @param {Record<string, string>} workers their addresses @returns {Promise<string>} one script, with what it imports */
async function bundleEarly(workers) {
    const code = await bundle({ entry: 'early.js', formats: ['iife'], name: 'early' },
        { define: { 'import.meta.env.WORKERS': JSON.stringify(workers) } });
    if (code.includes('</script')) throw new Error('early.js would end its own element');
    return code;
}

/** A script of web/ with all that it imports. @param {import('vite').LibraryOptions} lib @param {import('vite').InlineConfig} more */
async function bundle(lib, more) {
    const [{ output }] = /** @type {any} */ (await build({
        root: join(root, 'web'),
        configFile: false,
        logLevel: 'error',
        ...more,
        build: { write: false, target: 'es2022', minify: true, lib },
    }));
    return output[0].code.trim();
}

export default defineConfig({
    root: join(root, 'web'),
    base: './',
    plugins: [carry(), announceViews(), wholeWorkers(), openEarly()],
    build: {
        outDir: join(root, 'dist'),
        emptyOutDir: true,
        target: 'es2022',
        // A data: address would be refused by the content security policy.
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
    },
    worker: { format: 'es' },
});

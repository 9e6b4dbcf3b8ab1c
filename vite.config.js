// @ts-check
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vite';

const root = import.meta.dirname ?? new URL('.', import.meta.url).pathname;

/** What the site carries that Vite must leave alone: the modules find their siblings themselves. */
const CARRIED = [
    ...['simd', 'threads', 'relaxed', 'relaxed-threads'].map((kind) => (
        { from: `build/wasm/${kind}`, to: `wasm/${kind}`, pattern: /^convoscope(\.worker)?\.(js|wasm)$/ })),
    { from: 'build/samples', to: 'samples', pattern: /\.(png|jpg|json)$/ },
    { from: 'build/pictures', to: 'pictures', pattern: /\.(jpg|json)$/ },
    { from: 'models', to: 'models', pattern: /(\.onnx|\.txt|^(?!index\.).*\.json)$/ },
];

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

/** What the page opens with: the lists, the first network and the first sample. */
function opening() {
    const samples = join(root, 'build/samples/index.json');
    const [sample] = existsSync(samples) ? JSON.parse(readFileSync(samples, 'utf8')) : [];
    const [network] = bundledNetworks();
    return [
        ...(network ? ['models/index.json', `models/${network.file}`] : []),
        ...(sample ? ['samples/index.json', `samples/${sample.file}`] : []),
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
        generateBundle(_, bundle) {
            const names = Object.keys(bundle);
            for (const { from, to, pattern } of CARRIED) {
                const folder = join(root, from);
                if (!existsSync(folder)) continue;
                const files = readdirSync(folder).filter((name) => pattern.test(name));
                for (const file of files.sort()) {
                    const fileName = `${to}/${file}`;
                    const source = readFileSync(join(folder, file));
                    this.emitFile({ type: 'asset', fileName, source });
                    names.push(fileName);
                }
            }
            const bundled = JSON.stringify(bundledNetworks());
            this.emitFile({ type: 'asset', fileName: 'models/index.json', source: bundled });
            // The page and what it opens with are kept at once; other networks, pictures and samples when they
            // have been asked for.
            const page = names.filter((name) => !/^(models|pictures|samples)\/|\.map$/.test(name));
            const source = JSON.stringify([...new Set(['./', ...page, ...opening()])].sort());
            this.emitFile({ type: 'asset', fileName: 'files.json', source });
        },
    };
}

/**
 * Lets the browser fetch the views at once, and not only when the script that imports them has come and runs.
 * @returns {import('vite').Plugin}
 */
function preloadViews() {
    return {
        name: 'convoscope-preload-views',
        transformIndexHtml: {
            order: 'post',
            handler(_, { bundle = {} }) {
                const views = Object.values(bundle).filter((part) => part.type === 'chunk' && part.name === 'app');
                return views.map(({ fileName }) => (
                    { tag: 'link', injectTo: 'head', attrs: { rel: 'modulepreload', crossorigin: true, href: `./${fileName}` } }));
            },
        },
    };
}

export default defineConfig({
    root: join(root, 'web'),
    base: './',
    plugins: [carry(), preloadViews()],
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

// @ts-check
/**
 * A static server for the built site: the headers that threads need, a strict content security
 * policy, and nothing else. Listens on 127.0.0.1.
 *
 *     node tools/serve.mjs [--root dist] [--port 8080] [--model FILE] [--picture FILE]
 * [--no-isolation]
 *
 * MODEL and PICTURE are offered under /opened/ and named in the page at /; no file is copied.
 */
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join, normalize, resolve, sep } from 'node:path';
import { pipeline } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

/** @type {Record<string, string>} */
const TYPES = {
    '.html': 'text/html; charset=utf-8',
    '.js': 'text/javascript; charset=utf-8',
    '.mjs': 'text/javascript; charset=utf-8',
    '.css': 'text/css; charset=utf-8',
    '.json': 'application/json; charset=utf-8',
    '.webmanifest': 'application/manifest+json; charset=utf-8',
    '.svg': 'image/svg+xml',
    '.png': 'image/png',
    '.jpg': 'image/jpeg',
    '.jpeg': 'image/jpeg',
    '.ico': 'image/x-icon',
    '.wasm': 'application/wasm',
    '.txt': 'text/plain; charset=utf-8',
    '.woff2': 'font/woff2',
};

/** Bytes up to which a file is sent at once: in pieces, each waits for its turn on a busy machine. */
const WHOLE = 16 << 20;

/** The worker that fetches networks of the library: the one script that may reach other hosts. */
const LIBRARY_WORKER = /\/library-worker[\w-]*\.js$/;

/**
 * What the site may do. Only its own scripts run, and the one that stands in the page; WebAssembly compiles; every
 * script address goes through the page's own Trusted Types policy; nothing is fetched from or sent to another host,
 * but by the library's worker from the hosts of the library.
 * @param {string} inline hashes of the scripts in the page
 * @param {string[]} [hosts]
 */
export const contentSecurityPolicy = (inline, hosts = []) => [
    "default-src 'none'",
    `script-src 'self' 'wasm-unsafe-eval' ${inline}`.trim(),
    "worker-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "font-src 'self'",
    ["connect-src 'self' blob: data:", ...hosts].join(' '),
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'self'",
    "require-trusted-types-for 'script'",
    "trusted-types default lit-html 'allow-duplicates'",
].join('; ');

/**
 * @param {boolean} isolated whether the page may have threads
 * @param {string} policy of content security; '': none
 */
function fixedHeaders(isolated, policy) {
    /** @type {Record<string, string>} */
    const headers = {
        ...(policy ? { 'Content-Security-Policy': policy } : {}),
        'X-Content-Type-Options': 'nosniff',
        'Referrer-Policy': 'no-referrer',
        'Cache-Control': 'no-cache',
    };
    if (isolated) {
        headers['Cross-Origin-Opener-Policy'] = 'same-origin';
        headers['Cross-Origin-Embedder-Policy'] = 'require-corp';
        headers['Cross-Origin-Resource-Policy'] = 'same-origin';
    }
    return headers;
}

/**
 * @typedef {object} ServeOptions
 * @property {string} root folder to serve
 * @property {number} [port] 0 (the default) takes a free one
 * @property {boolean} [isolated] send the headers of cross-origin isolation; default true
 * @property {boolean} [strict] send the content security policy; default true
 * @property {string} [model] a network to open at the start; '': none; without it, the first bundled one
 * @property {string} [picture] a picture to open at the start
 * @property {Library} [library] in place of the site's own library.json
 * @typedef {{hosts: string[], networks: object[]}} Library
 */

/**
 * What a network's MODEL.json and its labels say, in one: labels are looked for where the command line
 * looks, in MODEL.labels.txt and imagenet_synset_words.txt beside the network.
 * @param {string} model
 * @returns {Record<string, any>}
 */
function describe(model) {
    const stem = model.replace(/\.onnx$/, '');
    const json = `${stem}.json`;
    const description = json !== model && existsSync(json) ? JSON.parse(readFileSync(json, 'utf8')) : {};
    const labels = [`${stem}.labels.txt`, join(dirname(model), 'imagenet_synset_words.txt')].find(existsSync);
    if (labels && !description.labels) {
        const lines = readFileSync(labels, 'utf8').trim().split(/\r?\n/);
        description.labels = lines.map((line) => line.replace(/^n\d{8} /, '')).join('\n');
    }
    return description;
}

/**
 * What stands under /opened/, and what the page is told of it (web/opening.js reads that).
 * @param {ServeOptions} options
 * @returns {{files: Map<string, string>, opening: Record<string, any>}} files by their path
 */
function openedFiles({ model, picture }) {
    const files = new Map();
    /** @type {Record<string, any>} */
    const opening = {};
    if (model === '') opening.model = '';
    for (const [key, file] of Object.entries({ model, picture })) {
        if (!file) continue;
        if (!existsSync(file)) throw new Error(`${key} ${file} does not exist; give a file.`);
        files.set(`/opened/${basename(file)}`, resolve(file));
        opening[key] = `opened/${encodeURIComponent(basename(file))}`;
    }
    if (model) opening.description = describe(model);
    if (picture) Object.assign(opening, { name: basename(picture), credit: '' });
    return { files, opening };
}

/** The data in the page that says what it opens with. */
const OPENING = /(<script type="application\/json" id="opening">)([^<]*)/;

/** The page, told what else to open. @param {string} page @param {Record<string, any>} opening */
const tell = (page, opening) => page.replace(OPENING, (_, start, own) =>
    start + JSON.stringify({ ...JSON.parse(own), ...opening }).replaceAll('<', '\\u003c'));

/** Hashes of the scripts in a page. @param {string} page */
const inlineHashes = (page) => [...page.matchAll(/<script>([^]*?)<\/script>/g)]
    .map(([, script]) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`)
    .join(' ');

/**
 * The file that an address stands for, or null. Never one outside the root.
 * @param {string} root
 * @param {Map<string, string>} opened
 * @param {string} path decoded path of the address
 */
function fileFor(root, opened, path) {
    const given = opened.get(path);
    if (given) return given;
    if (path.includes('\0')) return null;
    let file = normalize(join(root, path));
    if (file !== root && !file.startsWith(root + sep)) return null;
    if (existsSync(file) && statSync(file).isDirectory()) file = join(file, 'index.html');
    return existsSync(file) && statSync(file).isFile() ? file : null;
}

/** Hosts that networks of the library come from. @param {string} root @param {Library} [library] @returns {string[]} */
function libraryHosts(root, library) {
    const file = join(root, 'library.json');
    if (library) return library.hosts;
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).hosts : [];
}

/**
 * Serves a folder until `close` is called.
 * @param {ServeOptions} options
 * @returns {Promise<{url: string, close: () => Promise<void>}>}
 */
export async function serve(options) {
    const root = resolve(options.root);
    const opened = openedFiles(options);
    const home = join(root, 'index.html');
    const page = existsSync(home) ? readFileSync(home, 'utf8') : '';
    const inline = inlineHashes(page);
    const strict = options.strict ?? true;
    const headers = fixedHeaders(options.isolated ?? true, strict ? contentSecurityPolicy(inline) : '');
    const hosts = libraryHosts(root, options.library);
    /** Answers that no file has, by their path. @type {Map<string, {text: string, type: string}>} */
    const texts = new Map();
    if (options.library) texts.set('/library.json', { text: JSON.stringify(options.library), type: TYPES['.json'] });
    if (page && Object.keys(opened.opening).length) texts.set('/', { text: tell(page, opened.opening), type: TYPES['.html'] });

    const server = createServer((request, response) => {
        if (request.method !== 'GET' && request.method !== 'HEAD') {
            response.writeHead(405, headers).end();
            return;
        }
        /** @param {number} code @param {string} text @param {string} type */
        const say = (code, text, type = TYPES['.txt']) => {
            response.writeHead(code, { ...headers, 'Cache-Control': 'no-store', 'Content-Type': type }).end(text);
        };
        let path;
        try {
            path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname);
        } catch {
            say(400, 'The address is malformed.');
            return;
        }
        const made = texts.get(path);
        if (made) {
            say(200, made.text, made.type);
            return;
        }
        const file = fileFor(root, opened.files, path);
        if (!file) {
            say(404, 'There is no such file.');
            return;
        }
        const { size, mtimeMs } = statSync(file);
        const tag = `"${size.toString(36)}-${Math.trunc(mtimeMs).toString(36)}"`;
        // A 304 says its headers anew: both answers have the same.
        const fetches = strict && LIBRARY_WORKER.test(path);
        const policy = fetches ? { 'Content-Security-Policy': contentSecurityPolicy(inline, hosts) } : {};
        if (request.headers['if-none-match'] === tag) {
            response.writeHead(304, { ...headers, ...policy, ETag: tag }).end();
            return;
        }
        response.writeHead(200, {
            ...headers,
            ...policy,
            'Content-Type': TYPES[extname(file).toLowerCase()] ?? 'application/octet-stream',
            'Content-Length': size,
            ETag: tag,
        });
        if (request.method === 'HEAD') response.end();
        else if (size <= WHOLE) readFile(file).then((bytes) => response.end(bytes), () => response.destroy());
        else pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), response, () => {});
    });

    await new Promise((done, fail) => {
        server.once('error', fail);
        server.listen(options.port ?? 0, '127.0.0.1', () => done(undefined));
    });
    const address = /** @type {import('node:net').AddressInfo} */ (server.address());
    return {
        url: `http://127.0.0.1:${address.port}/`,
        close: () =>
            new Promise((done) => {
                server.close(() => done());
                server.closeAllConnections();
            }),
    };
}

async function main() {
    const { values } = parseArgs({
        options: {
            root: { type: 'string', default: 'dist' },
            port: { type: 'string', default: '8080' },
            model: { type: 'string' },
            picture: { type: 'string' },
            'no-isolation': { type: 'boolean', default: false },
        },
    });
    if (!existsSync(join(values.root, 'index.html'))) {
        throw new Error(`${values.root}/index.html does not exist; run \`make site\` first.`);
    }
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65535) {
        throw new Error(`Port ${values.port} is not a number from 0 to 65535.`);
    }
    const { url } = await serve({
        root: values.root,
        port,
        isolated: !values['no-isolation'],
        model: values.model || undefined,
        picture: values.picture || undefined,
    });
    console.log(`Convoscope is at ${url}  (Ctrl-C ends it)`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
    main().catch((error) => {
        const busy = error.code === 'EADDRINUSE';
        console.error(busy ? `${error.message}; choose another with PORT=N.` : error.message);
        process.exit(1);
    });
}

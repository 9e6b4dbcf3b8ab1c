// @ts-check
/**
 * Fetches one network of the library, checks it while it arrives, and keeps it in the browser's own cache: the
 * only part of the site that may reach another host, and the content security policy says so. What does not
 * have the sum that the library gives is never kept.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { gather } from '../gather.js';

export const CACHE = 'convoscope-library';
const REPORT_MS = 100;

/** @typedef {{title: string, address: string, bytes: number, sha256: string}} Network */

onmessage = async ({ data }) => {
    try {
        await fetchNetwork(data, (got) => postMessage({ got }));
        postMessage({ done: true });
    } catch (error) {
        postMessage({ error: reasonOf(/** @type {Error} */ (error), data) });
    }
};

/** @param {Network} network @param {(got: number) => void} onProgress */
async function fetchNetwork(network, onProgress) {
    const { address, bytes } = network;
    const { quota = Infinity, usage = 0 } = (await navigator.storage?.estimate?.()) ?? {};
    if (quota - usage < bytes) throw new Said(`does not fit: the browser gives this page ${size(quota - usage)} more, and it has ${size(bytes)}.`);
    const answer = await fetch(address, { credentials: 'omit', referrerPolicy: 'no-referrer', cache: 'no-store' });
    if (!answer.ok || !answer.body) throw new Said(`is not at ${new URL(address).host} any more: it answered ${answer.status}.`);
    const whole = await checked(answer.body, network, onProgress);
    const headers = { 'Content-Type': 'application/octet-stream', 'Content-Length': String(bytes) };
    await (await caches.open(CACHE)).put(address, new Response(whole, { headers }));
}

/**
 * The file, when length and sum are what they have to be. It is kept only then: a cache that is given a stream
 * may hold what came before the stream failed.
 * @param {ReadableStream<Uint8Array>} body @param {Network} network @param {(got: number) => void} onProgress
 * @returns {Promise<Blob>}
 */
async function checked(body, { bytes, sha256: sum }, onProgress) {
    const hash = sha256.create();
    let [got, told] = [0, 0];
    const whole = await gather(body, (piece, sofar) => {
        hash.update(piece);
        got = sofar;
        if (got > bytes) throw new Said(`is longer than the ${size(bytes)} that it has to be: it was not kept.`);
        if (performance.now() - told <= REPORT_MS) return;
        told = performance.now();
        onProgress(got);
    });
    onProgress(got);
    if (got < bytes) throw new Said(`broke off after ${size(got)} of ${size(bytes)}: try again.`);
    const found = [...hash.digest()].map((b) => b.toString(16).padStart(2, '0')).join('');
    if (found !== sum) throw new Said('is not the file that the library knows (its SHA-256 differs): it was not kept.');
    return whole;
}

const size = (bytes) => `${(bytes / 1e6).toFixed(1)} MB`;

/** An error that is a sentence already, about the network. */
class Said extends Error {}

function reasonOf(error, { title, address }) {
    if (error instanceof Said) return `“${title}” ${error.message}`;
    if (!navigator.onLine) return `You are offline: “${title}” can be fetched when there is a connection again.`;
    if (error.name === 'QuotaExceededError') return `“${title}” does not fit: remove another network, or free some disk.`;
    return `“${title}” could not be fetched from ${new URL(address).host}: the connection failed or was refused.`;
}

// @ts-check
/** A stream read piece by piece, or until it is a file. Safe to use from the page and from a worker. */

/** Bytes that are held before they become a Blob, which the browser keeps outside of this thread's memory. */
const HELD = 16e6;

/** A file of so many bytes is worth no Blob, which other processes keep and another thread reads piece by piece. */
const SMALL = 32e6;

/** Most bytes of a piece. */
const PIECE = 1 << 20;

/** The same of a Blob, of which each piece is asked for from another process. */
const SLICE = 8 << 20;

/**
 * Each piece is there until the next one is asked for: where the browser can, all are read into the same memory, or
 * hundreds of megabytes of them would wait for the collector.
 * @param {ReadableStream<Uint8Array>} stream
 * @returns {AsyncGenerator<Uint8Array>}
 */
export async function* readPieces(stream) {
    const read = readerOf(stream);
    for (let piece = await read(); !piece.done; piece = await read()) {
        const bytes = /** @type {Uint8Array} */ (piece.value);
        for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
    }
}

/**
 * A file in slices. Chromium 156 has streams of bytes for it too, but one in some dozens of them never ends when it is read
 * into memory that is given.
 * @param {Blob} blob
 * @returns {AsyncGenerator<Uint8Array>}
 */
export async function* readSlices(blob) {
    for (let at = 0; at < blob.size; at += SLICE) yield new Uint8Array(await blob.slice(at, at + SLICE).arrayBuffer());
}

/** What reads on: into one memory, or as pieces come, which a stream of another kind insists on. @param {ReadableStream<Uint8Array>} stream */
function readerOf(stream) {
    try {
        return readInto(stream.getReader({ mode: 'byob' }));
    } catch {
        const reader = stream.getReader();
        return () => reader.read();
    }
}

/** @param {ReadableStreamBYOBReader} reader */
function readInto(reader) {
    let memory = new ArrayBuffer(PIECE);
    return async () => {
        const piece = await reader.read(new Uint8Array(memory));
        if (piece.value) memory = piece.value.buffer;
        return piece;
    };
}

/**
 * @param {Response} response
 * @param {(got: number) => void} onPiece told of the bytes that are there
 * @returns {Promise<Uint8Array | Blob>} bytes where there are few, and it was said how many
 */
export async function gatherFile(response, onPiece) {
    const size = Number(response.headers.get('content-length')) || 0;
    const body = /** @type {ReadableStream<Uint8Array>} */ (response.body);
    if (!size || size > SMALL || response.headers.has('content-encoding')) return gather(body, (_, got) => onPiece(got));
    const read = fillerOf(body, size);
    for (;;) {
        const { bytes, done } = await read();
        if (done) return bytes;
        onPiece(bytes.length);
    }
}

/**
 * Reads a stream into memory for `size` bytes, where the browser can without a copy; more than those are cut off.
 * @param {ReadableStream<Uint8Array>} stream @param {number} size
 * @returns {() => Promise<{bytes: Uint8Array, done: boolean}>} reads on; what is there
 */
function fillerOf(stream, size) {
    let memory = new ArrayBuffer(size);
    let got = 0;
    try {
        const reader = stream.getReader({ mode: 'byob' });
        return async () => {
            const { value, done } = await reader.read(new Uint8Array(memory, got));
            if (value) memory = value.buffer;
            got += value?.length ?? 0;
            return { bytes: new Uint8Array(memory, 0, got), done: done || got === size };
        };
    } catch {
        const reader = stream.getReader();
        return async () => {
            const { value, done } = await reader.read();
            const piece = value?.subarray(0, size - got);
            if (piece) new Uint8Array(memory).set(piece, got);
            got += piece?.length ?? 0;
            return { bytes: new Uint8Array(memory, 0, got), done: done || got === size };
        };
    }
}

/**
 * @param {ReadableStream<Uint8Array>} stream
 * @param {(piece: Uint8Array, got: number) => void} onPiece told of each piece, and the bytes with it; what it throws
 *     ends the reading
 * @returns {Promise<Blob>}
 */
export async function gather(stream, onPiece) {
    /** @type {Blob[]} */
    const blobs = [];
    const held = new Uint8Array(HELD);
    let filled = 0;
    let got = 0;
    for await (const piece of readPieces(stream)) {
        got += piece.length;
        onPiece(piece, got);
        if (filled + piece.length > HELD) {
            blobs.push(new Blob([held.subarray(0, filled)]));
            filled = 0;
        }
        held.set(piece, filled);
        filled += piece.length;
    }
    return new Blob([...blobs, held.subarray(0, filled)]);
}

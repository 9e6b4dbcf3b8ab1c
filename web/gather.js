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
    let memory = new ArrayBuffer(PIECE);
    for (;;) {
        const { value, done } = await read(new Uint8Array(memory));
        if (done) return;
        if (!memory.byteLength) memory = value.buffer; /* it was lent, and is back */
        for (let at = 0; at < value.length; at += PIECE) yield value.subarray(at, at + PIECE);
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

/**
 * What reads on: into memory that is lent to it, or a piece as it comes, which a stream of another kind insists on.
 * @param {ReadableStream<Uint8Array>} stream @returns {(into: Uint8Array<ArrayBuffer>) => Promise<{value?: any, done: boolean}>}
 */
function readerOf(stream) {
    try {
        const reader = stream.getReader({ mode: 'byob' });
        return (into) => reader.read(into);
    } catch {
        const reader = stream.getReader();
        return () => reader.read();
    }
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
    const read = readerOf(body);
    let memory = new ArrayBuffer(size);
    let got = 0;
    while (got < size) {
        const { value, done } = await read(new Uint8Array(memory, got));
        const lent = !memory.byteLength; /* and is back, with the piece in its place */
        if (lent && value) memory = value.buffer;
        if (done) break;
        const piece = value.subarray(0, size - got);
        if (!lent) new Uint8Array(memory).set(piece, got);
        got += piece.length;
        onPiece(got);
    }
    return got === size ? new Uint8Array(memory) : new Uint8Array(memory).slice(0, got);
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

// @ts-check
/** A stream that becomes a file. Safe to use from the page and from a worker. */

/** Bytes that are held before they become a Blob, which the browser keeps outside of this thread's memory. */
const HELD = 16e6;

/** A file of so many bytes is worth no Blob, which other processes keep and another thread reads piece by piece. */
const SMALL = 32e6;

/**
 * @param {Response} response
 * @param {(got: number) => void} onPiece told of the bytes that are there
 * @returns {Promise<Uint8Array | Blob>} bytes where there are few, and it was said how many
 */
export async function gatherFile(response, onPiece) {
    const size = Number(response.headers.get('content-length')) || 0;
    const body = /** @type {ReadableStream<Uint8Array>} */ (response.body);
    if (!size || size > SMALL || response.headers.has('content-encoding')) return gather(body, (_, got) => onPiece(got));
    const bytes = new Uint8Array(size);
    let got = 0;
    const reader = body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        bytes.set(piece.value, got);
        got += piece.value.length;
        onPiece(got);
    }
    return got === size ? bytes : bytes.slice(0, got);
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
    /** @type {any[]} */
    let pieces = [];
    let got = 0;
    let kept = 0;
    const reader = stream.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
        pieces.push(piece.value);
        got += piece.value.length;
        onPiece(piece.value, got);
        if (got - kept < HELD) continue;
        blobs.push(new Blob(pieces));
        pieces = [];
        kept = got;
    }
    return new Blob([...blobs, ...pieces]);
}

// @ts-check
/** A stream that becomes a file. Safe to use from the page and from a worker. */

/** Bytes that are held before they become a Blob, which the browser keeps outside of this thread's memory. */
const HELD = 16e6;

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

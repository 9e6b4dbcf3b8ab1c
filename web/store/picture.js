// @ts-check
/** Reading picture files: the size is known before a pixel is decoded. */

const MAX_PIXELS = 64e6;
/** Canvases above 16.7 million pixels go blank on some phones; no network looks at as many. */
const MAX_SIDE = 2048;

/**
 * @typedef {object} Picture
 * @property {string} name
 * @property {number} width
 * @property {number} height
 * @property {HTMLCanvasElement} canvas
 * @property {ImageData} pixels
 * @property {string} [credit]
 * @property {string} [file] its file's name, where `name` is a title
 * @property {string} [note]
 */

/** Width and height out of the head of a PNG, JPEG, GIF or WebP file; null when it is none of these.
 * @param {Uint8Array} b */
export function sizeOf(b) {
    const view = new DataView(b.buffer, b.byteOffset, b.byteLength);
    const tag = (at, text) => [...text].every((c, i) => b[at + i] === c.charCodeAt(0));
    if (b.length > 24 && tag(1, 'PNG'))
        return { width: view.getUint32(16), height: view.getUint32(20) };
    if (b.length > 10 && tag(0, 'GIF8')) {
        return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    }
    if (b.length > 30 && tag(0, 'RIFF') && tag(8, 'WEBPVP8X')) {
        const at = (i) => 1 + b[i] + (b[i + 1] << 8) + (b[i + 2] << 16);
        return { width: at(24), height: at(27) };
    }
    if (b[0] !== 0xff || b[1] !== 0xd8) return null;
    for (let i = 2; i + 9 < b.length && b[i] === 0xff;) {
        const marker = b[i + 1];
        const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
        if (frame) return { width: view.getUint16(i + 7), height: view.getUint16(i + 5) };
        i += 2 + view.getUint16(i + 2);
    }
    return null;
}

/** @param {Blob} blob @param {string} name @returns {Promise<Picture>} */
export async function readPicture(blob, name) {
    const head = new Uint8Array(await blob.slice(0, 1 << 18).arrayBuffer());
    if (!head.length) throw new Error(`“${name}” is empty. Choose a JPEG, PNG or WebP picture.`);
    const size = sizeOf(head);
    if (size && size.width * size.height > MAX_PIXELS) {
        throw new Error(
            `“${name}” has ${size.width} × ${size.height} pixels; the most is 64 megapixels. ` +
                'Make it smaller first.',
        );
    }
    let bitmap;
    try {
        bitmap = await createImageBitmap(blob, { imageOrientation: 'from-image' });
    } catch {
        throw new Error(
            `“${name}” is no picture that this browser can read. Choose a JPEG, PNG or WebP file.`,
        );
    }
    const picture = fromSource(bitmap, bitmap.width, bitmap.height, name);
    bitmap.close();
    return picture;
}

/** Draws any source on white, at most 2048 pixels wide and high. Also takes the snapshot of a video.
 * @param {CanvasImageSource} source @returns {Picture} */
export function fromSource(source, width, height, name) {
    const shrink = Math.min(1, MAX_SIDE / Math.max(width, height));
    const canvas = document.createElement('canvas');
    canvas.width = Math.max(1, Math.round(width * shrink));
    canvas.height = Math.max(1, Math.round(height * shrink));
    const ctx = /** @type {CanvasRenderingContext2D} */ (
        canvas.getContext('2d', { willReadFrequently: true })
    );
    ctx.imageSmoothingQuality = 'high';
    ctx.fillStyle = '#fff';
    ctx.fillRect(0, 0, canvas.width, canvas.height);
    ctx.drawImage(source, 0, 0, canvas.width, canvas.height);
    const pixels = ctx.getImageData(0, 0, canvas.width, canvas.height);
    const note = shrink < 1 ? `reduced from ${width} × ${height}` : '';
    return { name, width: canvas.width, height: canvas.height, canvas, pixels, note };
}

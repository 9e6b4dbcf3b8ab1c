// @ts-check
/**
 * Pictures into pixels. Decoding is the browser's, in the worker; colours are left as the file has them, so
 * that a PNG gives the same numbers here and on the command line.
 *
 * @typedef {{width: number, height: number, data: Uint8ClampedArray | Uint8Array}} Pixels RGBA, rows from the top
 * @typedef {{image?: any, name?: string, group?: string, mostPixels?: number, set?: number}} Sent one of a run's
 *     pictures, or a set that the worker has
 */
import { ConvoscopeError } from './errors.js';
import { PictureSet } from './picture-set.js';

const MOST_PIXELS = 64e6;
const HEAD_BYTES = 1 << 18;

/** So many pictures are a set, whose members need not keep their size, and may have so many pixels together. */
const SET_LEAST = 8;
const SET_PIXELS = 64e6;
const SIDE_LEAST = 256;

/** @type {ImageBitmapOptions} */
const AS_STORED = { colorSpaceConversion: 'none', premultiplyAlpha: 'none', imageOrientation: 'from-image' };

/** @param {any} image @returns {image is Pixels} */
const isPixels = (image) => ArrayBuffer.isView(image?.data) && image.width > 0 && image.height > 0;

/**
 * Page: something that can be sent to the worker. What belongs to the document becomes a bitmap here.
 * @param {any} image anything that createImageBitmap takes, or {width, height, data}
 */
export async function sendable(image) {
    if (image instanceof Blob) return image;
    if (isPixels(image)) return { width: image.width, height: image.height, data: image.data };
    if (typeof ImageBitmap === 'function' && image instanceof ImageBitmap) return image;
    try {
        return await createImageBitmap(image, AS_STORED);
    } catch {
        throw new ConvoscopeError('bad-input',
            'That is no picture: give a file, an image element, a canvas, or {width, height, data} in RGBA.');
    }
}

/**
 * Page: the pictures of a run, each an image or {image, name, group}.
 * @param {any[]} pictures a PictureSet stands for all of its pictures
 * @param {string} [size] of the network's input: the members of a set are made no smaller than it needs
 * @returns {Promise<Sent[]>}
 */
export async function sendableSet(pictures, size = '') {
    const mostPixels = pixelsEach(pictures.length, Math.max(...(String(size).match(/\d+/g) ?? []).map(Number), 0));
    return Promise.all(pictures.map(async (picture) => {
        if (picture instanceof PictureSet) return { set: await picture.attach() };
        const { image, name, group } = picture.image ? picture : { image: picture, name: picture.name };
        return { image: await sendable(image), name: name && String(name), group: group && String(group), mostPixels };
    }));
}

/** The pixels that each of so many pictures may keep. @param {number} count @param {number} [side] of the network's input */
export const pixelsEach = (count, side = 0) =>
    count < SET_LEAST ? Infinity : Math.min(Math.max(SIDE_LEAST, 1.25 * side) ** 2, SET_PIXELS / count);

/**
 * Worker: the pixels of what was sent, made smaller when there are more than `mostPixels`.
 * @param {any} image
 * @param {number} [mostPixels]
 * @returns {Promise<Pixels>}
 */
export async function decode(image, mostPixels = Infinity) {
    return isPixels(image) ? checkPixels(image) : pixelsOf(await draw(image, mostPixels));
}

/** @param {OffscreenCanvas} canvas @returns {Pixels} */
export function pixelsOf(canvas) {
    const { width, height } = canvas;
    const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext('2d'));
    return { width, height, data: context.getImageData(0, 0, width, height).data };
}

/** Worker: the same on a canvas. @param {any} image @param {number} mostPixels */
export async function draw(image, mostPixels) {
    const name = image.name ? `“${image.name}”` : 'the picture';
    if (image instanceof Blob) {
        const head = new Uint8Array(await image.slice(0, HEAD_BYTES).arrayBuffer());
        if (head.length === 0) throw new ConvoscopeError('bad-input', `${name} is empty: choose a JPEG, PNG or WebP picture`);
        checkSize(sizeOf(head), name);
    }
    let bitmap;
    try {
        bitmap = await createImageBitmap(image, AS_STORED);
    } catch {
        throw new ConvoscopeError('bad-input',
            `${name} is no picture that this browser can read: choose a JPEG, PNG or WebP file`);
    }
    checkSize(bitmap, name);
    const scale = Math.min(1, Math.sqrt(mostPixels / (bitmap.width * bitmap.height)));
    const width = Math.max(1, Math.floor(bitmap.width * scale));
    const height = Math.max(1, Math.floor(bitmap.height * scale));
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (!context) throw new ConvoscopeError('no-memory', `not enough memory for ${name}: use a smaller picture`);
    context.imageSmoothingQuality = 'high';
    context.drawImage(bitmap, 0, 0, width, height);
    bitmap.close();
    return canvas;
}

/** @param {Pixels} pixels */
function checkPixels(pixels) {
    checkSize(pixels, 'the picture');
    const { width, height, data } = pixels;
    if (data.length === 4 * width * height && data.BYTES_PER_ELEMENT === 1) return pixels;
    throw new ConvoscopeError('bad-input',
        `a picture of ${width} × ${height} needs ${4 * width * height} bytes of RGBA, but ${data.byteLength} were given`);
}

/** @param {{width: number, height: number} | null} size @param {string} name */
function checkSize(size, name) {
    if (!size || size.width * size.height <= MOST_PIXELS) return;
    throw new ConvoscopeError('bad-input',
        `${name} has ${size.width} × ${size.height} pixels; the most is 64 megapixels: make it smaller first`);
}

/**
 * Width and height from the head of a PNG, JPEG, GIF or WebP file; null where they cannot be told.
 * @param {Uint8Array} bytes
 * @returns {{width: number, height: number} | null}
 */
export function sizeOf(bytes) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    /** @param {number} at @param {string} text */
    const tag = (at, text) => [...text].every((c, i) => bytes[at + i] === c.charCodeAt(0));
    if (bytes.length > 24 && tag(1, 'PNG')) return { width: view.getUint32(16), height: view.getUint32(20) };
    if (bytes.length > 10 && tag(0, 'GIF8')) return { width: view.getUint16(6, true), height: view.getUint16(8, true) };
    if (bytes.length > 30 && tag(0, 'RIFF') && tag(8, 'WEBPVP8X')) {
        /** @param {number} at */
        const side = (at) => 1 + bytes[at] + (bytes[at + 1] << 8) + (bytes[at + 2] << 16);
        return { width: side(24), height: side(27) };
    }
    if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null;
    for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; at += 2 + view.getUint16(at + 2)) {
        const marker = bytes[at + 1];
        /* The frame headers; among their numbers are three that are none (ITU T.81, table B.1). */
        const frame = marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker);
        if (frame) return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    }
    return null;
}

// @ts-check
/** The set that comes with the page: solids and patterns that the project draws itself, on one sheet for each class. */

const FOLDER = './pictures/';

/**
 * @param {(progress: {done: number}) => void} onProgress
 * @param {AbortSignal} signal
 * @returns {Promise<import('./folder.js').Found[]>}
 */
export async function drawnPictures(onProgress, signal) {
    const { size, columns, count, classes } = await (await got('index.json', signal)).json();
    const pictures = [];
    for (const group of classes) {
        const sheet = await createImageBitmap(await (await got(`${group}.jpg`, signal)).blob());
        for (let i = 0; i < count; i++) {
            const [x, y] = [(i % columns) * size, Math.floor(i / columns) * size];
            pictures.push({ blob: await cut(sheet, x, y, size), name: `${group} ${i + 1}`, group });
        }
        sheet.close();
        onProgress({ done: pictures.length / (count * classes.length) });
    }
    return pictures;
}

/** @param {string} name @param {AbortSignal} signal */
async function got(name, signal) {
    const answer = await fetch(FOLDER + name, { signal }).catch(() => null);
    signal.throwIfAborted();
    if (answer?.ok) return answer;
    throw new Error('The pictures that come with the page could not be fetched: open a folder of your own.');
}

/** @param {ImageBitmap} sheet @param {number} x @param {number} y @param {number} size */
function cut(sheet, x, y, size) {
    const canvas = new OffscreenCanvas(size, size);
    canvas.getContext('2d')?.drawImage(sheet, -x, -y);
    return canvas.convertToBlob({ type: 'image/png' });
}

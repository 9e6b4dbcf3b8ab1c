// @ts-check
/**
 * Pictures one after the other as a GIF, made in a worker of its own.
 *
 * @typedef {object} Frames
 * @property {number} count
 * @property {number} width
 * @property {number} height
 * @property {number} framesPerSecond
 * @property {(index: number) => Uint8ClampedArray} draw RGBA of one of them
 */

/**
 * @param {Frames} frames
 * @param {(done: number) => void} [onProgress] 0 to 1
 * @returns {Promise<Blob>}
 */
export async function toGif({ count, width, height, framesPerSecond, draw }, onProgress) {
    const worker = new Worker(new URL('./gif-worker.js', import.meta.url), { type: 'module' });
    try {
        return await new Promise((resolve, reject) => {
            let sent = 0;
            const send = () => {
                const pixels = draw(sent++);
                worker.postMessage({ pixels }, [pixels.buffer]);
            };
            worker.onerror = (event) => reject(new Error(event.message || 'the GIF could not be made'));
            worker.onmessage = ({ data }) => {
                if (data.bytes) return void resolve(new Blob([data.bytes], { type: 'image/gif' }));
                // One frame at a time, so that the page stays quick; the worker encodes when it has all.
                if (sent < count) send();
                onProgress?.(data.done);
            };
            worker.postMessage({ count, width, height, delay: 1000 / framesPerSecond });
            send();
        });
    } finally {
        worker.terminate();
    }
}

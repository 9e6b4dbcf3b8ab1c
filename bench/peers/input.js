// @ts-check
/** Numbers that are the same for everybody who is measured. */

/** A picture as networks want it, RGB planes of about mean 0 and deviation 1. @param {number} size */
export function fillPicture(size) {
    return fillRandom(new Float32Array(3 * size * size), 1.7);
}

/** Evenly between -scale and scale. @param {Float32Array} data @param {number} scale */
export function fillRandom(data, scale) {
    let state = 1;
    for (let i = 0; i < data.length; i++) {
        state = (Math.imul(state, 1664525) + 1013904223) | 0;
        data[i] = (scale * state) / 2 ** 31;
    }
    return data;
}

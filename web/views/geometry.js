// @ts-check
/** Where a cell of a layer lies in the network's input, and the input in the picture. All in pixels. */

/** @typedef {{size: number[], stride: number[], start: number[]}} Field */
/** @typedef {{x: number, y: number, width: number, height: number}} Box */

/** The receptive field of cell y, x; it may reach beyond the picture. @param {Field} field @returns {Box} */
export function fieldOf(field, y, x) {
    return {
        x: field.start[1] + field.stride[1] * x,
        y: field.start[0] + field.stride[0] * y,
        width: field.size[1],
        height: field.size[0],
    };
}

/** The rectangle of the input that a whole map stands for: each cell is as large as the step to the next,
 * around the middle of its receptive field. @param {Field} field @returns {Box} */
export function mapBox(field, height, width) {
    return {
        x: field.start[1] + (field.size[1] - field.stride[1]) / 2,
        y: field.start[0] + (field.size[0] - field.stride[0]) / 2,
        width: field.stride[1] * width,
        height: field.stride[0] * height,
    };
}

/** The cell that looks at pixel x, y most directly, or null outside. @returns {number[] | null} y, x */
export function cellAt(field, height, width, point) {
    const box = mapBox(field, height, width);
    const y = Math.floor((point.y - box.y) / field.stride[0]);
    const x = Math.floor((point.x - box.x) / field.stride[1]);
    return y >= 0 && y < height && x >= 0 && x < width ? [y, x] : null;
}

/** The part of the picture that the network receives, in pixels of the picture.
 * @param {{width: number, height: number}} picture @param {{width: number, height: number}} input
 * @param {string} resize short, none or stretch @returns {Box} */
export function cropOf(picture, input, resize) {
    if (resize === 'stretch') return { x: 0, y: 0, width: picture.width, height: picture.height };
    const cover = Math.max(input.width / picture.width, input.height / picture.height);
    const scale = resize === 'none' ? Math.max(1, cover) : cover;
    const width = Math.min(picture.width, input.width / scale);
    const height = Math.min(picture.height, input.height / scale);
    return { x: (picture.width - width) / 2, y: (picture.height - height) / 2, width, height };
}

/** Kernel, step, border, dilation and groups of a convolution, from the fields on either side of it. */
export function windowOf(weights, outer, inner, channelsIn) {
    const from = inner ?? { size: [1, 1], stride: [1, 1], start: [0, 0] };
    const kernel = weights.shape.slice(2);
    const each = (f) => [0, 1].map(f);
    return {
        kernel,
        stride: each((i) => outer.stride[i] / from.stride[i]),
        pad: each((i) => (from.start[i] - outer.start[i]) / from.stride[i]),
        dilation: each((i) =>
            kernel[i] > 1 ? (outer.size[i] - from.size[i]) / ((kernel[i] - 1) * from.stride[i]) : 1,
        ),
        groups: channelsIn / weights.shape[1],
    };
}

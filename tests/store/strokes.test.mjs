// @ts-check
/** Brush strokes as text: read, written, made simple, erased. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { erased, formatStrokes, parseStrokes, simplified } from '../../web/store/strokes.js';

const TEXT = '+12:500,400 510,420;-20:10,10 90,10;-5:7,8';

test('a text is read and written as it was', () => {
    assert.equal(formatStrokes(parseStrokes(TEXT)), TEXT);
    assert.deepEqual(parseStrokes(''), []);
    for (const wrong of ['500,400', '+:1,1', '+1 2,3', '+1:2', '+1:2,3x', '*1:0,0', '+1:0,0;x', '+1:0,0  1,1'])
        assert.deepEqual(parseStrokes(wrong), [], wrong);
    const beyond = { side: /** @type {const} */ ('+'), radius: 0.2, points: /** @type {[number, number][]} */ ([[-3, 4.4], [0, 4], [1007, 5]]) };
    assert.equal(formatStrokes([beyond]), '+1:0,4 1000,5');
});

test('a line keeps the points that it needs', () => {
    /** @type {[number, number][]} */
    const arc = Array.from({ length: 181 }, (_, i) => {
        const angle = (i * Math.PI) / 180;
        return [500 + 300 * Math.cos(angle), 500 + 300 * Math.sin(angle)];
    });
    const few = simplified(arc);
    assert.ok(few.length > 8 && few.length < 40, `${few.length} points`);
    assert.deepEqual([few[0], few[few.length - 1]], [arc[0], arc[180]]);
    for (const point of arc) {
        const off = Math.min(...few.slice(1).map((b, i) => distance(point, few[i], b)));
        assert.ok(off < 1.3, `${off}`);
    }
    assert.deepEqual(simplified([[0, 0], [5, 0.5], [10, 0]]), [[0, 0], [10, 0]]);
    assert.deepEqual(simplified([[3, 3]]), [[3, 3]]);
});

test('an eraser cuts a line in two and takes dots away', () => {
    const strokes = parseStrokes('+12:100,500 900,500;-20:300,200;-20:500,520');
    const left = erased(strokes, [500, 500], 50, 1);
    assert.equal(formatStrokes(left), '+12:100,500 450,500;+12:550,500 900,500;-20:300,200');
    assert.equal(erased(strokes, [500, 700], 50, 1), strokes, 'nothing is touched');
    // In a picture that is half as high, thousandths of the height are half as long.
    assert.equal(formatStrokes(erased(strokes, [500, 580], 50, 0.5)), '+12:100,500 470,500;+12:530,500 900,500;-20:300,200');
    // The disc covers a corner of the line, and one end.
    const bent = parseStrokes('+5:100,100 200,100 200,200');
    assert.equal(formatStrokes(erased(bent, [200, 100], 30, 1)), '+5:100,100 170,100;+5:200,130 200,200');
    assert.equal(formatStrokes(erased(bent, [100, 100], 30, 1)), '+5:130,100 200,100 200,200');
    assert.deepEqual(erased(bent, [150, 150], 200, 1), []);
});

/** @param {number[]} p @param {number[]} a @param {number[]} b */
function distance([x, y], [ax, ay], [bx, by]) {
    const [dx, dy] = [bx - ax, by - ay];
    const t = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
    return Math.hypot(x - ax - t * dx, y - ay - t * dy);
}

// @ts-check
/** Numbers as comma-separated values, as src/cli/csv.c writes them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { toCsv } from '../../web/store/csv.js';

test('one value a line, lines of an array, indices before more axes', () => {
    const data = Float32Array.of(1, 0.1, -2, 3e-9);
    assert.equal(toCsv({ data, shape: [4] }), '1\n0.100000001\n-2\n3.00000003e-9\n');
    assert.equal(toCsv({ data, shape: [2, 2] }), '1,0.100000001\n-2,3.00000003e-9\n');
    assert.equal(toCsv({ data, shape: [2, 1, 2] }), 'plane,y,x0,x1\n0,0,1,0.100000001\n1,0,-2,3.00000003e-9\n');
});

test('a table has its titles and its texts', () => {
    const table = {
        data: Float32Array.of(1, 0, 0.1, 2, 0, 0.25),
        shape: [2, 3],
        columns: ['rank', 'name', 'distance'],
        rows: [[1, 'a "b", c.png', 0.1], [2, '', 0.25]],
    };
    assert.equal(toCsv(table), '"rank","name","distance"\n1,"a ""b"", c.png",0.100000001\n2,"",0.25\n');
});

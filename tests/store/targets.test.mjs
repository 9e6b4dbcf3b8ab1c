// @ts-check
/** What a target is called, and why one cannot be meant: alone and in a mix. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { changesText, roleOf, targetFault, targetText } from '../../web/store/techniques.js';

const network = {
    labels: ['cat', 'dog', 'zebra'],
    lacking: null,
    layers: [{ channels: 3 }],
    byName: new Map([
        ['conv1', { short: 'conv1', channels: 6 }],
        ['a+b-c:0', { short: 'abc', channels: 4 }],
    ]),
};

test('says a mix of targets', () => {
    const said = (spec) => targetText(spec, network, null);
    assert.equal(said('class:2'), 'zebra');
    assert.equal(
        said('class:2 + 0.5*channel:conv1:3 -1e-2 * layer:a+b-c:0'),
        'zebra + 0.5 × conv1 · channel 3 − 0.01 × abc',
    );
    assert.equal(said('-class:0'), '− cat');
});

test('finds the term that cannot be meant', () => {
    const fault = (spec) => targetFault(spec, network);
    assert.equal(fault('class:0 - 2*channel:a+b-c:0:3'), '');
    assert.match(fault('class:0 + class:3'), /no class 3/);
    assert.match(fault('layer:conv1+gram:nowhere'), /no layer “nowhere”/);
    assert.match(fault('class:0 + zebra'), /A target is/);
    assert.match(fault('class:0 + 2*'), /A target is/);
});

test('a picture beyond the first is called as the table calls it', () => {
    const style = { images: 'CONTENT_IMAGE STYLE_IMAGE [STYLE_IMAGE...] [MASK_IMAGE]' };
    assert.deepEqual([0, 1, 2, 3, 4].map((i) => roleOf(style, i)), ['content', 'style', 'style', 'mask', '']);
    assert.equal(roleOf({ images: 'IMAGE [GUIDE_IMAGE]' }, 1), 'guide');
    assert.equal(roleOf({ images: 'IMAGE IMAGE IMAGE' }, 1), '');
    assert.equal(roleOf(null, 1), '');
});

test('settings are told short', () => {
    const changed = { patch: 16, strokes: '+14:300,300 450,500 500,700;-14:50,900 50,100' };
    assert.deepEqual(changesText({ changed }), ['patch 16', 'strokes +14:300,300 450,500 500,700;-1…']);
});

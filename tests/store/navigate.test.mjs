// @ts-check
/** Going through the depths of a network. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { navigateActions } from '../../web/store/actions-navigate.js';

/** A page that shows channel 2 of `conv`, in a network of two layers. */
function page() {
    const layers = ['conv', 'relu'].map((name) => ({ name, channels: 8, folded: false }));
    const state = /** @type {Record<string, any>} */ ({
        network: { layers, byName: new Map(layers.map((layer) => [layer.name, layer])) },
        layer: 'conv',
        unit: 2,
        activation: { layer: 'conv' },
    });
    let reads = 0;
    const store = {
        state,
        actions: { readLayer: () => void reads++ },
        set: (/** @type {any} */ change) => Object.assign(state, change),
    };
    return { state, reads: () => reads, ...navigateActions(store) };
}

test('the next channel, the first again after the last, the next layer', () => {
    const { state, step, up } = page();
    step(1);
    assert.equal(state.unit, 3);
    step(5);
    assert.equal(state.unit, 0);
    step(-1);
    assert.equal(state.unit, 7);
    up();
    step(1);
    assert.deepEqual([state.layer, state.unit], ['relu', -1]);
    step(1);
    assert.equal(state.layer, 'relu');
});

test('what the history leads to shows no map of the layer before', () => {
    const { state, reads, openAddress } = page();
    openAddress({ layer: 'relu', unit: 1, cell: [0, 0] });
    assert.deepEqual([state.layer, state.unit, state.cell, state.activation, reads()], ['relu', 1, [0, 0], null, 1]);
});

test('the history may lead to a layer of another network', () => {
    const { state, step, openAddress } = page();
    openAddress({ layer: 'elsewhere', unit: 4, cell: null });
    step(1);
    assert.deepEqual([state.layer, state.unit], ['elsewhere', 4]);
});

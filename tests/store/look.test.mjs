// @ts-check
/** Reading layers while what is looked at changes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lookActions } from '../../web/store/actions-look.js';

const layer = (/** @type {string} */ name) => ({ name, spatial: true, folded: false });

/**
 * A page with a network of two layers and a look at it.
 * @param {(name: string) => Promise<any>} activation
 */
function page(activation) {
    const state = /** @type {Record<string, any>} */ ({
        network: { layers: [layer('conv'), layer('relu')] },
        look: { classes: [], range: null },
        activationError: '',
    });
    const store = { state, actions: {}, set: (/** @type {any} */ change) => Object.assign(state, change) };
    const engine = { model: { activation } };
    return { state, engine, ...lookActions(store, engine) };
}

const withRange = (/** @type {number} */ min, /** @type {number} */ max) => ({ stats: { min, max } });

test('the range of the network is that of all of its maps', async () => {
    const { state, networkRange } = page(async (name) => (name === 'conv' ? withRange(-2, 3) : withRange(0, 5)));
    await networkRange();
    assert.deepEqual(state.look.range, [-2, 5]);
});

test('a range that cannot be read is told where the layer is', async () => {
    const { state, networkRange } = page(async () => Promise.reject(new Error('there is no look')));
    await networkRange();
    assert.match(state.activationError, /there is no look/i);
    assert.equal(state.look.range, null);
});

test('a range of what is no longer looked at is left, whether it can be read or not', async () => {
    for (const answer of [() => withRange(0, 1), () => Promise.reject(new Error('there is no look'))]) {
        const old = page(async () => {
            old.state.look = { classes: [], range: null };
            return answer();
        });
        await old.networkRange();
        assert.deepEqual([old.state.look.range, old.state.activationError], [null, '']);

        const other = page(async () => {
            other.engine.model = { activation: async () => withRange(7, 7) };
            return answer();
        });
        await other.networkRange();
        assert.deepEqual([other.state.look.range, other.state.activationError], [null, '']);
    }
});

import test from 'ava';
import fc from 'fast-check';
import {
  costOf,
  defineNetwork,
  LayerCollapseError,
  type Masks,
  type Network,
  PrunebenchError,
  prunableSpecs,
  type Scores,
  select,
  selectByMultiplyAdds,
  sizeOf,
} from '../src/index.ts';
import { excludedKernels } from '../src/pruning/exclude.ts';
import { conv, dense, denseNetwork } from './networks.ts';

const network = denseNetwork([4, 5, 3, 2]);
const kernels = prunableSpecs(network);
const layers = kernels.map(({ layer }) => layer);
const names = kernels.map(({ name }) => name);

/** A convolution whose weights are used 36 times each, and a dense layer whose weights are used once; biases keep every unit alive. */
const convolutional = defineNetwork({
  name: 'small-conv',
  inputShape: [8, 8, 1],
  layers: [
    conv('conv', 'input', 2, { padding: 'valid', useBias: true }),
    { kind: 'flatten', name: 'flat', inputs: ['conv'] },
    dense('fc', 'flat', 3),
  ],
});

/** Each weight's score from one list, in layer order. */
function scoresOf(of: Network, values: readonly number[]): Scores {
  let start = 0;
  return Object.fromEntries(
    prunableSpecs(of).map(({ name, shape }) => {
      start += sizeOf(shape);
      return [name, Float64Array.from(values.slice(start - sizeOf(shape), start))];
    }),
  );
}

const kept = (masks: Masks) => names.map((name) => masks[name].reduce((sum, bit) => sum + bit, 0));
const random = fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 41, maxLength: 41 });

test('layers are left out by name, by the name of their kernel, and as first and last', (t) => {
  t.deepEqual(excludedKernels(network, []), []);
  t.deepEqual(excludedKernels(network, ['last', 'first']), [names[0], names[2]]);
  t.deepEqual(excludedKernels(network, [layers[1], names[1]]), [names[1]]);
  const unknown = t.throws(() => excludedKernels(network, ['fc9']), { instanceOf: PrunebenchError });
  t.regex(unknown.message, /"fc9"/);
  t.true(layers.every((layer) => unknown.remedy!.includes(layer)));
  t.throws(() => excludedKernels(network, layers), { instanceOf: PrunebenchError, message: /All layers/ });
});

test('what is left out keeps everything, and the sparsity is that of the whole network', (t) => {
  fc.assert(
    fc.property(random, fc.integer({ min: 0, max: 14 }), (values, removed) => {
      const masks = select(network, scoresOf(network, values), {
        sparsity: removed / 41,
        exclude: ['first', 'last'],
        allowLayerCollapse: true,
      });
      t.deepEqual(kept(masks), [20, 15 - removed, 6]);
      // The middle layer's weights by score, as a sort has them.
      const middle = values.slice(20, 35).map((score, index) => ({ score, index }));
      middle.sort((a, b) => a.score - b.score || a.index - b.index);
      for (const { index } of middle.slice(0, removed)) t.is(masks[names[1]][index], 0);
    }),
  );
});

test('layer-wise, the other layers share what is left to remove', (t) => {
  const values = Array.from({ length: 41 }, (_, i) => i);
  // 21 of 41 stay, 6 of them in the last layer: 15 of 35 in the others, 3/7 of each.
  const masks = select(network, scoresOf(network, values), {
    sparsity: 20 / 41,
    scope: 'layerwise',
    exclude: ['last'],
  });
  t.deepEqual(kept(masks), [9, 6, 6]); // of 20, 15 and 6
});

test('a sparsity that the other layers cannot make up for is refused with the most that they can', (t) => {
  const values = Array.from({ length: 41 }, (_, i) => i);
  const error = t.throws(
    () => select(network, scoresOf(network, values), { sparsity: 0.9, exclude: ['first'], allowLayerCollapse: true }),
    { instanceOf: PrunebenchError },
  );
  t.regex(error.message, /the others have 21 of 41 weights/);
  // 20 of 41 may go.
  t.regex(error.remedy!, /less than 0\.4878/);
});

test('the fewest weights go that leave at most that share of the multiply-adds', (t) => {
  const weights = prunableSpecs(convolutional).reduce((sum, { shape }) => sum + sizeOf(shape), 0);
  t.is(weights, 18 + 216);
  // By hand: 18 weights at 36 places each, 216 weights at one.
  const whole = 18 * 36 + 216;
  t.is(costOf(convolutional).multiplyAdds.dense, whole);
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: weights, maxLength: weights }),
      fc.double({ min: 0, max: 0.95, noNaN: true }),
      (values, share) => {
        const masks = selectByMultiplyAdds(convolutional, scoresOf(convolutional, values), {
          sparsity: share,
          allowLayerCollapse: true,
        });
        // One weight after the other, the lowest first; no unit is removed whole, so each costs what its place says.
        const order = values.map((score, index) => ({ score, index }));
        order.sort((a, b) => a.score - b.score || a.index - b.index);
        let left = whole;
        let removed = 0;
        while (left > (1 - share) * whole + 1e-6) left -= order[removed++].index < 18 ? 36 : 1;
        const gone = Object.values(masks).reduce((sum, mask) => sum + mask.filter((bit) => bit === 0).length, 0);
        t.is(gone, removed);
        t.is(costOf(convolutional, masks).multiplyAdds.remaining, left);
      },
    ),
    { numRuns: 40 },
  );
});

test('multiply-adds that cannot go are refused, and a layer that would be emptied is a collapse', (t) => {
  const values = Array.from({ length: 234 }, (_, i) => i);
  const scores = scoresOf(convolutional, values);
  const error = t.throws(() => selectByMultiplyAdds(convolutional, scores, { sparsity: 0.9, exclude: ['conv'] }), {
    instanceOf: PrunebenchError,
  });
  // 648 of 864 are the convolution's, and one weight of the other layer stays.
  t.regex(error.message, /at least 0\.7512 is left/);
  t.throws(() => selectByMultiplyAdds(convolutional, scores, { sparsity: 0.8 }), { instanceOf: LayerCollapseError });
  const masks = selectByMultiplyAdds(convolutional, scores, { sparsity: 0.1, exclude: ['conv'] });
  t.is(masks['conv/kernel'].indexOf(0), -1);
  t.is(masks['fc/kernel'].filter((bit) => bit === 0).length, 87, 'a tenth of 864, rounded up');
});

test('rounds go on from the masks of the round before', (t) => {
  const scores = scoresOf(
    convolutional,
    Array.from({ length: 234 }, (_, i) => (i * 101) % 234),
  );
  const half = selectByMultiplyAdds(convolutional, scores, { sparsity: 0.5 });
  const straight = selectByMultiplyAdds(convolutional, scores, { sparsity: 0.75 });
  t.deepEqual(selectByMultiplyAdds(convolutional, scores, { sparsity: 0.75, masks: half }), straight);
});

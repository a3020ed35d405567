import test from 'ava';
import {
  applyMasks,
  collapsedLayers,
  costOf,
  effectiveSparsity,
  type Masks,
  maskedSparsity,
  PrunebenchError,
  parameterSpecs,
  prunableSpecs,
  randomStream,
  select,
  shuffleMasks,
  shuffleUnits,
  sizeOf,
} from '../src/index.ts';
import { residualNetwork as network } from './networks.ts';

const parameters = Object.fromEntries(
  parameterSpecs(network).map(({ name, shape }) => [name, { shape, values: new Float32Array(sizeOf(shape)).fill(1) }]),
);
const scores = Object.fromEntries(
  prunableSpecs(network).map(({ name, shape }) => [name, Float32Array.from({ length: sizeOf(shape) }, (_, i) => i)]),
);
const good: Masks = { 'conv2/kernel': new Uint8Array(108).fill(1, 10), 'bn2/gamma': new Uint8Array(4).fill(1) };

/** Every public function that takes masks of a network. */
const takers: Readonly<Record<string, (masks: Masks) => unknown>> = {
  applyMasks: (masks) => applyMasks(parameters, masks),
  select: (masks) => select(network, scores, { sparsity: 0.5, masks, allowLayerCollapse: true }),
  costOf: (masks) => costOf(network, masks),
  maskedSparsity: (masks) => maskedSparsity(network, masks),
  effectiveSparsity: (masks) => effectiveSparsity(network, masks),
  collapsedLayers: (masks) => collapsedLayers(network, masks),
  'shuffleMasks, before': (masks) => shuffleMasks(masks, good, randomStream(0)),
  'shuffleUnits, before': (masks) => shuffleUnits(network, masks, masks, randomStream(0)),
  'shuffleUnits, after': (masks) => shuffleUnits(network, {}, masks, randomStream(0)),
};

for (const [name, take] of Object.entries(takers)) {
  test(`${name}: a mask that fits nothing is refused by name, with the nearest one`, (t) => {
    for (const [wrong, nearest] of [
      ['conv2/kernal', 'conv2/kernel'],
      ['conv2', 'conv2/kernel'],
      ['Conv2/Kernel', 'conv2/kernel'],
      ['cnv2/kernel', 'conv2/kernel'],
      ['bn2/gama', 'bn2/gamma'],
    ] as const) {
      const error = t.throws(() => take({ ...good, [wrong]: new Uint8Array(4).fill(1) }), {
        instanceOf: PrunebenchError,
      })!;
      t.true(error.message.includes(wrong), error.message);
      t.regex((error as PrunebenchError).remedy!, new RegExp(`\\b${nearest}\\b`));
    }
  });

  test(`${name}: a mask of another size, of other values or of another type is refused by name`, (t) => {
    for (const [mask, message] of [
      [new Uint8Array(107).fill(1), /mask of conv2\/kernel has 107 entries, but conv2\/kernel has 108 values/],
      [new Uint8Array(0), /mask of conv2\/kernel has 0 entries/],
      [new Uint8Array(108).fill(1).with(7, 2), /mask of conv2\/kernel holds 2 at flat index 7/],
      [new Uint8Array(108).fill(255), /mask of conv2\/kernel holds 255 at flat index 0/],
      [new Float32Array(108).fill(0.5) as unknown as Uint8Array, /mask of conv2\/kernel is no Uint8Array/],
    ] as const) {
      const error = t.throws(() => take({ ...good, 'conv2/kernel': mask }), { instanceOf: PrunebenchError, message })!;
      t.truthy((error as PrunebenchError).remedy);
    }
  });

  test(`${name}: good masks are accepted`, (t) => {
    t.notThrows(() => take(good));
    t.notThrows(() => take({}));
  });
}

test('running statistics are not pruned', (t) => {
  const masks = { 'bn2/movingMean': Uint8Array.of(1, 0, 1, 1) };
  for (const take of [takers.applyMasks, takers.costOf, takers.maskedSparsity])
    t.throws(() => take(masks), { instanceOf: PrunebenchError, message: /bn2\/movingMean/ });
});

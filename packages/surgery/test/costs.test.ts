import {
  applyMasks,
  costOf,
  groupsOf,
  type Masks,
  parameterSpecs,
  prunableUnits,
  randomStream,
  sizeOf,
  unitMasks,
} from '@prunebench/core';
import { intersect } from '@prunebench/core/masks';
import { denseNetwork, mixedNetworks } from '@prunebench/core/test-networks';
import { outputs, randomBatch, randomParameters, relativeError } from '@prunebench/testing';
import test from 'ava';
import { type NetworkWithState, shrink } from '../src/index.ts';
import { randomEntries, randomGroups } from './random-masks.ts';

for (const network of mixedNetworks) {
  test(`${network.name}: whatever is masked, what is on a path stays`, (t) => {
    let smaller = 0;
    for (const density of [0.08, 0.2, 0.4, 0.7])
      for (const seed of [1, 2, 3]) {
        const masks = randomEntries(network, density, randomStream(seed), false);
        const parameters = randomParameters(network, seed);
        const shrunk = shrink(network, { parameters, masks });
        const [before, after] = [costOf(network, masks), costOf(shrunk.network, shrunk.state.masks)];
        t.is(after.effective.remaining, before.effective.remaining);
        if (after.parameters.total < before.parameters.total) smaller++;
        const batch = randomBatch(network, 3);
        const actual = outputs(shrunk.network, applyMasks(shrunk.state.parameters, shrunk.state.masks), batch);
        t.true(relativeError(actual, outputs(network, applyMasks(parameters, masks), batch)) < 1e-5);
      }
    t.true(smaller > 0, 'units went');
  });

  // Behind a grouped convolution a unit may be left that nobody reads.
  const hasGroups = network.layers.some((layer) => layer.kind === 'conv2d' && layer.groups > 1);
  if (!hasGroups)
    test(`${network.name}: after unit pruning costs are those of the shrunk network, counted by walking over it`, (t) => {
      for (const seed of [1, 2, 3, 4])
        for (const masks of [randomUnits(seed), randomGroups(groupsOf(network, 'channel'), 0.8, randomStream(seed))]) {
          const shrunk = shrink(network, { parameters: randomParameters(network), masks });
          const cost = costOf(network, masks);
          t.is(walked(shrunk), cost.parameters.remaining);
          t.is(costOf(shrunk.network, shrunk.state.masks).multiplyAdds.remaining, cost.multiplyAdds.remaining);
        }
    });

  /** Units of every kernel that may lose some, at random; at least one stays. */
  const randomUnits = (seed: number): Masks => {
    const random = randomStream(seed);
    const specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
    return prunableUnits(network).reduce<Masks>((masks, name) => {
      const kept = Uint8Array.from({ length: specs.get(name)!.shape.at(-1)! }, () => (random.uniform() < 0.5 ? 1 : 0));
      kept[random.integer(kept.length)] = 1;
      return intersect(masks, unitMasks(network, name, kept));
    }, {});
  };
}

/** What the masks of a network leave, parameter by parameter. */
function walked({ network, state }: NetworkWithState): number {
  return parameterSpecs(network)
    .filter(({ trainable }) => trainable)
    .flatMap(({ name, shape }) => [...(state.masks[name] ?? new Uint8Array(sizeOf(shape)).fill(1))])
    .filter(Boolean).length;
}

test('a network cut in two shrinks to one unit, and its constants are in the last bias', (t) => {
  const network = denseNetwork([4, 4, 2]);
  // All four weights into unit 0, which nobody reads, and both out of unit 1, which reads nothing.
  const masks = {
    'fc1/kernel': Uint8Array.from({ length: 16 }, (_, i) => (i % 4 === 0 ? 1 : 0)),
    'fc2/kernel': Uint8Array.of(0, 0, 1, 1, 0, 0, 0, 0),
  };
  const parameters = randomParameters(network);
  const { state } = shrink(network, { parameters, masks });
  t.deepEqual(state.parameters['fc1/kernel'].shape, [4, 1]);
  t.deepEqual(state.parameters['fc2/kernel'].shape, [1, 2]);
  const constant = Math.max(0, parameters['fc1/bias'].values[1]);
  const expected = parameters['fc2/bias'].values.map(
    (bias, k) => bias + constant * parameters['fc2/kernel'].values[2 + k],
  );
  t.true(relativeError(state.parameters['fc2/bias'].values, expected) < 1e-6);
});

test('masks that do not fit are refused by name', (t) => {
  const network = denseNetwork([4, 4, 2]);
  const masks = { 'fc1/kernel': new Uint8Array(3) };
  t.throws(() => shrink(network, { parameters: randomParameters(network), masks }), { message: /fc1\/kernel/ });
});

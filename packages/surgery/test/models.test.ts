import {
  applyMasks,
  costOf,
  type GroupKind,
  groupMasks,
  groupsOf,
  type Masks,
  type Network,
  parameterSpecs,
  prunableUnits,
  randomStream,
  sizeOf,
  unitMasks,
} from '@prunebench/core';
import { intersect } from '@prunebench/core/masks';
import { buildModel, models } from '@prunebench/models';
import { outputs, randomBatch, randomParameters, relativeError } from '@prunebench/testing';
import test from 'ava';
import { shrink } from '../src/index.ts';
import { randomGroups } from './random-masks.ts';

const SHAPES = {
  mnist: { inputShape: [28, 28, 1], classes: 10 },
  cifar: { inputShape: [32, 32, 3], classes: 10 },
  monk: { inputShape: [17], classes: 2 },
};

const shapeOf = (id: string) => {
  if (id.startsWith('lenet') || id === 'mlp-784-40-20-10') return SHAPES.mnist;
  return id.startsWith('mlp-17') ? SHAPES.monk : SHAPES.cifar;
};

/** What the plain cpu backend computes in seconds: wide networks at a part of their width. */
const nameOf = (id: string) => {
  if (/^resnet-(32|56)/.test(id)) return `${id}-w0.25`;
  return /^(vgg|resnet-18|conv)/.test(id) ? `${id}-w0.125` : id;
};

for (const { id } of models)
  test(`${id}: masked and shrunk outputs agree, for units, channels that are tied, rows and blocks`, (t) => {
    const network = buildModel(nameOf(id), shapeOf(id));
    const parameters = randomParameters(network);
    const batch = randomBatch(network, 2);
    for (const [i, kind] of (['unit', 'channel', 'row', 'block'] satisfies GroupKind[]).entries()) {
      const groups = groupsOf(network, kind);
      if (groups.count === 0) continue;
      const masks = randomGroups(groups, 0.5, randomStream(i, id));
      const { network: smaller, state } = shrink(network, { parameters, masks });
      const expected = outputs(network, applyMasks(parameters, masks), batch);
      const actual = outputs(smaller, applyMasks(state.parameters, state.masks), batch);
      const error = relativeError(actual, expected);
      t.true(error <= 1e-5, `${kind}: ${error}`);
      if (kind !== 'unit' && kind !== 'channel') continue;
      // A layer that has lost all keeps a unit with nothing left of it.
      const [cost, after] = [costOf(network, masks), costOf(smaller, state.masks)];
      t.is(after.parameters.remaining, cost.parameters.remaining, `${kind}: parameters`);
      t.is(after.multiplyAdds.remaining, cost.multiplyAdds.remaining, `${kind}: multiply-adds`);
    }
  });

/** Every second unit of each kernel that may lose some. */
function halfOfTheUnits(network: Network): Masks {
  const shapes = new Map(parameterSpecs(network).map(({ name, shape }) => [name, shape]));
  return prunableUnits(network).reduce<Masks>((masks, name) => {
    const units = shapes.get(name)!.at(-1)!;
    return intersect(
      masks,
      unitMasks(
        network,
        name,
        Uint8Array.from({ length: units }, (_, unit) => unit % 2),
      ),
    );
  }, {});
}

test('half of all units: LeNet-5 by hand, VGG-16 and ResNet-56 by walking over the shrunk network', (t) => {
  for (const [id, speedup] of [
    ['lenet-5-caffe', 3.55],
    ['vgg-16', 3.98],
    ['resnet-56', 1.99],
  ] as const) {
    const network = buildModel(id, shapeOf(id));
    const masks = halfOfTheUnits(network);
    const { parameters, theoreticalSpeedup } = costOf(network, masks);
    t.is(Number(theoreticalSpeedup.toFixed(2)), speedup, id);
    const shrunk = shrink(network, { parameters: randomParameters(network), masks });
    const walked = parameterSpecs(shrunk.network).filter(({ trainable }) => trainable);
    t.is(
      parameters.remaining,
      walked.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
      id,
    );
    // 10 and 25 filters of 5 x 5, 250 neurons that read 25 channels of 4 x 4, 10 outputs.
    if (id === 'lenet-5-caffe') t.is(parameters.remaining, 260 + 6275 + 100250 + 2510);
  }
});

test('half of the channels of a ResNet, residual stages too: a quarter of its weights is left', (t) => {
  const network = buildModel('resnet-56', shapeOf('resnet-56'));
  const groups = groupsOf(network, 'channel');
  t.is(groups.count, 9 * (16 + 32 + 64) + 64, 'inside the 27 blocks, and one for each channel of the last stage');
  // Every second channel; of each stage it is half, as the padded shortcuts put 16 channels at 8 and 32 at 16.
  const kept = Uint8Array.from({ length: groups.count }, (_, group) => Number(groups.nameOf(group).split(' ')[1]) % 2);
  const masks = groupMasks(groups, kept);
  const half = buildModel('resnet-56-w0.5', shapeOf('resnet-56'));
  t.is(costOf(network, masks).parameters.remaining, costOf(half).parameters.total);
  t.is(costOf(network, masks).multiplyAdds.remaining, costOf(half).multiplyAdds.dense);
  const shrunk = shrink(network, { parameters: randomParameters(network), masks });
  t.deepEqual(shrunk.network.layers, half.layers);
});

import { costOf, type Masks, type Network, parameterSpecs, prunableUnits, unitMasks } from '@prunebench/core';
import test from 'ava';
import { buildModel } from '../src/index.ts';

const mnist = { inputShape: [28, 28, 1], classes: 10 };
const cifar = { inputShape: [32, 32, 3], classes: 10 };

/** Every second unit that may be removed, removed. */
function halved(network: Network): Masks {
  const specs = new Map(parameterSpecs(network).map((spec) => [spec.name, spec]));
  const masks: Record<string, Uint8Array> = {};
  for (const kernel of prunableUnits(network)) {
    const kept = Uint8Array.from({ length: specs.get(kernel)!.shape.at(-1)! }, (_, unit) => unit % 2);
    for (const [name, mask] of Object.entries(unitMasks(network, kernel, kept)))
      masks[name] = mask.map((bit, i) => bit & (masks[name]?.[i] ?? 1));
  }
  return masks;
}

for (const [id, shape, speedup] of [
  ['lenet-5-caffe', mnist, '3.55'],
  ['vgg-16', cifar, '3.98'],
  ['resnet-56', cifar, '1.99'],
] as const)
  test(`${id} without half of its units promises ${speedup} times`, (t) => {
    const network = buildModel(id, shape);
    const { theoreticalSpeedup, effective, prunable } = costOf(network, halved(network));
    t.is(theoreticalSpeedup.toFixed(2), speedup);
    t.true(effective.remaining < prunable.remaining);
  });

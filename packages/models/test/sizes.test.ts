import { costOf, parameterSpecs, sizeOf } from '@prunebench/core';
import test from 'ava';
import { buildModel, findModel, models } from '../src/index.ts';

const shapes = {
  mnist: { inputShape: [28, 28, 1], classes: 10 },
  cifar10: { inputShape: [32, 32, 3], classes: 10 },
  monk1: { inputShape: [17], classes: 2 },
  monk2: { inputShape: [17], classes: 2 },
} as Record<string, { inputShape: number[]; classes: number }>;

/**
 * Weights (no biases, no batch norm) and forward floating-point operations (two per multiply-add), each to the digits
 * that the literature prints; `trainable` from the papers (LeNets) and from the reference PyTorch implementations.
 */
const published: Record<string, { weights: string; megaFlops?: string; trainable?: number }> = {
  'lenet-300-100': { weights: '266200', megaFlops: '0.532', trainable: 266_610 },
  // Two scales and shifts for each of 400 units, and no biases.
  'lenet-300-100-bn': { weights: '266200', megaFlops: '0.532', trainable: 266_200 + 2 * 400 },
  'lenet-5-caffe': { weights: '430500', megaFlops: '4.59', trainable: 431_080 },
  'lenet-5-relu': { weights: '430500', megaFlops: '4.59', trainable: 431_080 },
  'conv-2': { weights: '4300992', megaFlops: '87.6' },
  'conv-4': { weights: '2425024', megaFlops: '197' },
  'conv-6': { weights: '2261184', megaFlops: '308' },
  'vgg-11': { weights: '9.22M', megaFlops: '306' },
  'vgg-16': { weights: '14.72M', megaFlops: '626' },
  'vgg-19': { weights: '20.02M', megaFlops: '796' },
  'resnet-18': { weights: '11.16M', megaFlops: '1111', trainable: 11_173_962 },
  'resnet-20': { weights: '0.268M', megaFlops: '81', trainable: 269_722 },
  'resnet-32': { weights: '0.462M', megaFlops: '138', trainable: 464_154 },
  'resnet-56': { weights: '0.849M', megaFlops: '251', trainable: 853_018 },
  'mlp-784-40-20-10': { weights: '32360', megaFlops: '0.065', trainable: 32_360 },
  'mlp-17-3-1': { weights: '54', trainable: 58 },
  'mlp-17-2-1': { weights: '36', trainable: 39 },
};

/** `value` with as many decimals as `printed` has, in its unit. */
function asPrinted(value: number, printed: string): string {
  const millions = printed.endsWith('M');
  const decimals = printed.replace('M', '').split('.')[1]?.length ?? 0;
  return (millions ? value / 1e6 : value).toFixed(decimals) + (millions ? 'M' : '');
}

test('every model has a published size to be checked against', (t) => {
  t.deepEqual(models.map(({ id }) => id).sort(), Object.keys(published).sort());
});

for (const [id, expected] of Object.entries(published)) {
  test(`${id} has the published number of weights and operations`, (t) => {
    const entry = findModel(id);
    const network = buildModel(id, shapes[entry.defaultDataset]);
    const count = (pick: 'prunable' | 'trainable') =>
      parameterSpecs(network).reduce((sum, spec) => sum + (spec[pick] ? sizeOf(spec.shape) : 0), 0);
    t.is(asPrinted(count('prunable'), expected.weights), expected.weights);
    t.is(count('prunable'), entry.size.weights);
    t.is(count('trainable'), entry.size.trainable);
    if (expected.trainable) t.is(count('trainable'), expected.trainable);
    if (expected.megaFlops)
      t.is(asPrinted((2 * costOf(network).multiplyAdds.dense) / 1e6, expected.megaFlops), expected.megaFlops);
  });
}

test('LeNet-300-100 takes flat features without a flattening layer', (t) => {
  const network = buildModel('lenet-300-100', { inputShape: [784], classes: 10 });
  t.deepEqual(
    parameterSpecs(network).map(({ name }) => name),
    ['fc1/kernel', 'fc1/bias', 'fc2/kernel', 'fc2/bias', 'fc3/kernel', 'fc3/bias'],
  );
});

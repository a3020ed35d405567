import {
  type Dataset,
  type Network,
  type ParameterRecord,
  prunableSpecs,
  randomStream,
  type Split,
  sizeOf,
  type TrainOptionsInput,
  trainOptions,
} from '@prunebench/core';
import { imageSplit, normalisationTable } from '@prunebench/data';
import { buildModel } from '@prunebench/models';
import { initializeParameters, registerStepCompiler, stepCompiler } from '@prunebench/network';
import { train } from '@prunebench/training';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { listBackends, selectBackend } from '../src/index.ts';

/** Random images with random labels: rounding differences would soon show in what is learnt from them. */
function noise(
  inputShape: readonly [number, number, number],
  classes: number,
  sizes: { train: number; other: number },
): Dataset {
  const random = randomStream(1, 'noise');
  const split = (size: number): Split => {
    const bytes = Uint8Array.from({ length: size * sizeOf(inputShape) }, () => random.integer(256));
    const labels = Int32Array.from({ length: size }, () => random.integer(classes));
    const table = normalisationTable(new Array(inputShape[2]).fill(0.5), new Array(inputShape[2]).fill(0.25));
    return imageSplit(
      { bytes, labels, shape: [...inputShape], table },
      Uint32Array.from({ length: size }, (_, i) => i),
    );
  };
  const splits = {
    train: split(sizes.train),
    validation: split(sizes.other),
    calibration: split(4),
    test: split(sizes.other),
  };
  return { id: 'noise', inputShape, classes, splits, checksum: 'noise' };
}

const small = noise([8, 8, 1], 2, { train: 44, other: 1010 });
const flat: Dataset = { ...small, inputShape: [64] };
const digits = noise([28, 28, 1], 10, { train: 84, other: 10 });
const photographs = noise([32, 32, 3], 10, { train: 84, other: 10 });

const cases: [network: string, dataset: Dataset, options: Partial<TrainOptionsInput>][] = [
  ['lenet-300-100', digits, { optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true }, weightDecay: 1e-3 }],
  ['lenet-5-caffe', digits, { optimizer: { kind: 'adam' }, learningRate: 0.001 }],
  ['resnet-20-w0.25', photographs, { weightDecay: 1e-3, augmentation: 'crop-flip', schedule: { kind: 'cosine' } }],
  ['vgg-11-w0.125', photographs, { optimizer: { kind: 'adamw' }, learningRate: 0.001, weightDecay: 0.1 }],
  ['mlp-17-2-1', flat, {}],
];

const bytes = (parameters: ParameterRecord) =>
  Buffer.concat(
    Object.values(parameters).map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  );

function run(network: Network, dataset: Dataset, options: Partial<TrainOptionsInput>) {
  const parameters = initializeParameters(network, randomStream(2), 'he-normal');
  const random = randomStream(3);
  const masks = Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => [
      name,
      Uint8Array.from({ length: sizeOf(shape) }, () => (random.uniform() < 0.3 ? 0 : 1)),
    ]),
  );
  const parsed = trainOptions.parse({ epochs: 2, batchSize: 8, learningRate: 0.01, ...options });
  return train(network, { parameters, masks }, dataset, parsed, { random: randomStream(4) });
}

const native = (await listBackends()).find(({ name }) => name === 'native')!;
const whereNative = native.available ? test.serial : test.serial.skip;

for (const [name, dataset, options] of cases) {
  whereNative(
    `native: compiled training on two threads gives the same bytes as eager training on one: ${name}`,
    async (t) => {
      await selectBackend('native', { threads: 2 });
      const network = buildModel(name, dataset);
      const compiler = stepCompiler()!;
      let compiled = 0;
      registerStepCompiler('native', (...args) => {
        const step = compiler(...args);
        if (step) compiled++;
        return step;
      });
      const before = tf.memory().numTensors;
      const fast = await run(network, dataset, options);
      t.is(compiled, dataset.splits.test.size >= 1000 ? 2 : 1);
      t.is(tf.memory().numTensors, before);
      await selectBackend('native', { threads: 1 });
      registerStepCompiler('native', undefined);
      const eager = await run(network, dataset, options);
      t.deepEqual(bytes(fast.state.parameters), bytes(eager.state.parameters));
      t.deepEqual(fast.metrics, eager.metrics);
    },
  );
}

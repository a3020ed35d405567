import { type Network, randomStream, type Subject, type TrainOptionsInput, trainOptions } from '@prunebench/core';
import initialization from '@prunebench/criterion-initialization';
import { batchNormTraining, momentumUpdate } from '@prunebench/network';
import { convNet, randomBatch, randomParameters, relativeError, residualNet, subjectOf } from '@prunebench/testing';
import { Evaluator, TrainingRun } from '@prunebench/training';
import * as tf from '@tensorflow/tfjs-core';
import test, { type ExecutionContext } from 'ava';
import { listBackends, selectBackend } from '../src/index.ts';

const { available, reason } = (await listBackends()).find(({ name }) => name === 'webgpu')!;
const whereThereIsGpu = available ? test.serial : test.serial.skip;
const title = (text: string) => (available ? `webgpu: ${text}` : `webgpu (${reason}): ${text}`);

/** Every number that some steps of training and an evaluation leave behind, by name. */
async function trained(
  network: Network,
  options: Partial<TrainOptionsInput>,
): Promise<Record<string, ArrayLike<number>>> {
  const { x, y, size } = randomBatch(network, 6);
  const parameters = randomParameters(network);
  const masks = Object.fromEntries(
    Object.entries(parameters)
      .filter(([name]) => name.endsWith('/kernel'))
      .map(([name, { values }]) => [name, Uint8Array.from(values, (_, i) => (i % 3 === 0 ? 0 : 1))]),
  );
  const parsed = trainOptions.parse({ epochs: 1, batchSize: size, learningRate: 0.02, weightDecay: 1e-3, ...options });
  const length = { totalSteps: 4, stepsPerEpoch: 4 };
  const run = new TrainingRun(network, { parameters, masks }, parsed, {
    random: randomStream(1),
    extensions: [],
    ...length,
  });
  const losses: number[] = [];
  for (let step = 0; step < length.totalSteps; step++) {
    const loss = run.advance(x, y);
    losses.push(typeof loss === 'number' ? loss : (await loss.data())[0]);
  }
  run.settle();
  const outputs = await new Evaluator(network, run.uploaded.variables).outputs(x, size);
  const record = await run.uploaded.read();
  run.dispose();
  return {
    losses,
    outputs: Array.from(outputs),
    ...Object.fromEntries(Object.entries(record).map(([name, { values }]) => [name, values])),
  };
}

// A bias before a batch norm has no gradient but rounding, which Adam's usual epsilon of 1e-8 would blow up to whole steps.
const cases: readonly [Network, Partial<TrainOptionsInput>][] = [
  [residualNet(), { optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true } }],
  [convNet(), { optimizer: { kind: 'adam', epsilon: 0.01 } }],
];

for (const [network, options] of cases) {
  whereThereIsGpu(
    title(`training and evaluating ${network.name} with ${options.optimizer!.kind} gives what cpu gives`),
    async (t) => {
      await selectBackend('cpu');
      const expected = await trained(network, options);
      await selectBackend('webgpu');
      const found = await trained(network, options);
      t.deepEqual(Object.keys(found), Object.keys(expected));
      for (const [name, values] of Object.entries(expected))
        t.true(relativeError(found[name], values) < 1e-3, `${name}: ${relativeError(found[name], values)}`);
    },
  );

  whereThereIsGpu(title(`criteria at initialization score ${network.name} as on cpu`), async (t) => {
    const subject = subjectOf(network, randomParameters(network), { batches: [randomBatch(network, 12)] });
    await selectBackend('cpu');
    const expected = await scores(subject);
    await selectBackend('webgpu');
    const found = await scores(subject);
    for (const [name, values] of Object.entries(expected))
      t.true(relativeError(found[name], values) < 1e-3, `${name}: ${relativeError(found[name], values)}`);
  });
}

async function scores(subject: Subject): Promise<Record<string, ArrayLike<number>>> {
  const all: Record<string, ArrayLike<number>> = {};
  for (const criterion of initialization.criteria) {
    const options = criterion.options.parse(criterion.id === 'grasp' ? { samplesPerClass: 2 } : {});
    for (const [name, values] of Object.entries(await criterion.score(subject, options)))
      all[`${criterion.id} ${name}`] = values;
  }
  return all;
}

whereThereIsGpu(title('integers become floats when they are cast'), async (t) => {
  await selectBackend('webgpu');
  const x = tf.tensor3d(
    Float32Array.from({ length: 2000 }, (_, i) => i % 7),
    [10, 20, 10],
  );
  const floats = tf.tidy(() => tf.transpose(tf.cast(tf.greater(x, 3), 'float32'), [2, 0, 1]));
  const expected = Float32Array.from({ length: 2000 }, (_, i) => {
    const [c, rest] = [Math.floor(i / 200), i % 200];
    return (rest * 10 + c) % 7 > 3 ? 1 : 0;
  });
  t.deepEqual(await floats.data(), expected);
});

type Filter = [number, number, number, number];
const convolutions: readonly [string, Filter, Filter, [number, number], 'same' | 'valid'][] = [
  ['few weights and many rows', [16, 32, 32, 16], [3, 3, 16, 16], [1, 1], 'same'],
  ['strides, odd sizes and channels', [3, 13, 9, 7], [5, 3, 7, 10], [2, 3], 'same'],
  ['no padding, one channel', [2, 28, 28, 1], [5, 5, 1, 20], [1, 1], 'valid'],
  ['1 x 1, one pixel, more weights than threads', [2, 1, 1, 600], [1, 1, 600, 500], [1, 1], 'same'],
];
for (const [what, inputShape, filterShape, strides, padding] of convolutions)
  whereThereIsGpu(title(`a convolution's filter gradient: ${what}`), async (t) => {
    const random = randomStream(3);
    const values = (size: number) => Float32Array.from({ length: size }, () => random.normal());
    const x = values(tf.util.sizeFromShape(inputShape));
    const { outShape } = tf.backend_util.computeConv2DInfo(inputShape, filterShape, strides, 1, padding);
    const dy = values(tf.util.sizeFromShape(outShape));
    const gradient = () =>
      tf.tidy(() => {
        const images = tf.tensor4d(x, inputShape);
        const weighted = (filter: tf.Tensor4D) =>
          tf.sum(tf.mul(tf.conv2d(images, filter, strides, padding), tf.tensor4d(dy, outShape)));
        return tf.grad((filter) => weighted(filter as tf.Tensor4D))(tf.zeros(filterShape));
      });
    await selectBackend('cpu');
    const expected = await gradient().data();
    await selectBackend('webgpu');
    const found = await gradient().data();
    t.true(relativeError(found, expected) < 1e-5, `${relativeError(found, expected)}`);
    t.deepEqual(await gradient().data(), found, 'not the same twice');
  });

/** What `compute` gives on a backend, value by value. */
async function on(backend: string, compute: () => tf.Tensor[]): Promise<readonly ArrayLike<number>[]> {
  await selectBackend(backend);
  const tensors = tf.tidy(compute);
  const values: ArrayLike<number>[] = [];
  for (const tensor of tensors) values.push(await tensor.data());
  tf.dispose(tensors);
  return values;
}

async function agrees(t: ExecutionContext, compute: () => tf.Tensor[]): Promise<void> {
  const [expected, found] = [await on('cpu', compute), await on('webgpu', compute)];
  for (const [i, values] of found.entries()) t.true(relativeError(values, expected[i]) < 1e-5, `result ${i}`);
  t.deepEqual(await on('webgpu', compute), found, 'not the same twice');
}

for (const [shape, relu, withResidual] of [
  [[6, 9, 7, 5], false, false],
  [[6, 9, 7, 5], true, true],
  [[40, 3], true, false],
  [[1, 1, 2, 70], false, true],
] as const)
  whereThereIsGpu(
    title(`batch norm of ${shape.join(' x ')}${withResidual ? ', a residual' : ''}${relu ? ', ReLU' : ''}`),
    async (t) => {
      const random = randomStream(4);
      const values = (size: number, mean: number) => Float32Array.from({ length: size }, () => random.normal(mean, 2));
      const size = tf.util.sizeFromShape([...shape]);
      const channels = shape[shape.length - 1];
      const numbers = { x: values(size, 3), gamma: values(channels, 1), beta: values(channels, 0) };
      const [added, weights] = [values(size, 0), values(size, 0)];
      await agrees(t, () => {
        const statistics: tf.Tensor[] = [];
        const weighted = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, residual?: tf.Tensor) => {
          const options = { epsilon: 1e-3, relu, residual };
          const { y, mean, variance } = batchNormTraining(x, gamma as tf.Tensor1D, beta as tf.Tensor1D, options);
          statistics.push(tf.keep(y), tf.keep(mean), tf.keep(variance));
          return tf.sum(tf.mul(y, tf.tensor(weights, [...shape])));
        };
        const inputs = [tf.tensor(numbers.x, [...shape]), tf.tensor1d(numbers.gamma), tf.tensor1d(numbers.beta)];
        if (withResidual) inputs.push(tf.tensor(added, [...shape]));
        const gradients = tf.grads(weighted as (...args: tf.Tensor[]) => tf.Tensor)(inputs);
        t.is(gradients.length, inputs.length);
        return [...statistics, ...gradients];
      });
    },
  );

for (const nesterov of [false, true])
  for (const masked of [false, true])
    whereThereIsGpu(
      title(`momentum update${nesterov ? ", Nesterov's" : ''}${masked ? ', under a mask' : ''}`),
      async (t) => {
        const random = randomStream(5);
        const [param, velocity, gradient] = [0, 1, 2].map(() =>
          Float32Array.from({ length: 1500 }, () => random.normal()),
        );
        const mask = Float32Array.from(param, (_, i) => (i % 3 === 0 ? 0 : 1));
        const settings = { momentum: 0.9, nesterov, weightDecay: 0.01 };
        await agrees(t, () =>
          momentumUpdate({
            param: tf.tensor2d(param, [30, 50]),
            velocity: tf.tensor2d(velocity, [30, 50]),
            gradient: tf.tensor2d(gradient, [30, 50]),
            learningRate: tf.scalar(0.3),
            ...(masked ? { mask: tf.tensor2d(mask, [30, 50]) } : {}),
            ...settings,
          }),
        );
      },
    );

// The last one: the device stays refused.
whereThereIsGpu(title('what the device refuses is an error at the next read, not a tensor of zeros'), async (t) => {
  await selectBackend('webgpu');
  const sum = tf.add(tf.ones([2000]), 1);
  t.is((await sum.data())[0], 2);
  const { device } = tf.backend() as unknown as { device: { createShaderModule(of: { code: string }): void } };
  device.createShaderModule({ code: 'no shader' });
  await t.throwsAsync(tf.add(tf.ones([2000]), 1).data(), { message: /The GPU refused a computation: .*no shader/s });
});

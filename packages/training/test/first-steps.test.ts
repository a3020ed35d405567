/** A training that diverges at once is done again on plain kernels before its method is blamed. */
import { DivergenceError, PrunebenchError, randomStream, type Split, trainOptions } from '@prunebench/core';
import { mlp, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test, { type ExecutionContext } from 'ava';
import { train } from '../src/index.ts';

const network = mlp([8, 6, 3]);
const dataset = toyDataset({ inputShape: [8], classes: 3 });
const STEPS = 12;

/** Calls of the kernel that computes a batch's mean loss; from this one on it gives NaN. */
let broken = Number.POSITIVE_INFINITY;
let losses = 0;

tf.registerBackend('faulty', tf.findBackendFactory('cpu'));
tf.copyRegisteredKernels('cpu', 'faulty');
const { kernelFunc: mean } = tf.getKernel(tf.Mean, 'faulty');
tf.unregisterKernel(tf.Mean, 'faulty');
tf.registerKernel({
  kernelName: tf.Mean,
  backendName: 'faulty',
  kernelFunc(params) {
    const result = mean(params) as tf.TensorInfo;
    if (++losses >= broken) (tf.backend().readSync(result.dataId) as Float32Array).fill(Number.NaN);
    return result;
  },
});

async function trained(
  t: ExecutionContext,
  backend: string,
  { brokenAt = Number.POSITIVE_INFINITY, learningRate = 0.05, epochs = 3, data = dataset } = {},
) {
  broken = brokenAt;
  losses = 0;
  await tf.setBackend(backend);
  const options = trainOptions.parse({ epochs, batchSize: 15, learningRate });
  const state = { parameters: randomParameters(network), masks: {} };
  const before = tf.memory().numTensors;
  try {
    return await train(network, state, data, options, { random: randomStream(1) });
  } finally {
    t.is(tf.getBackend(), backend);
    t.is(tf.memory().numTensors, before);
  }
}

for (const step of [1, 3, 5])
  test.serial(
    `NaN at step ${step} that cpu does not find is an error that names the backend, not a result`,
    async (t) => {
      const error = await t.throwsAsync(trained(t, 'faulty', { brokenAt: step }), { instanceOf: PrunebenchError });
      t.false(error instanceof DivergenceError);
      t.regex(error.message, new RegExp(`Backend faulty computes wrongly.* NaN at step ${step} of ${STEPS} .*On cpu`));
    },
  );

test.serial('also where the training is over by then', async (t) => {
  const error = await t.throwsAsync(trained(t, 'faulty', { brokenAt: 2, epochs: 0.5 }), {
    instanceOf: PrunebenchError,
  });
  t.false(error instanceof DivergenceError);
});

test.serial('what diverges on cpu too is the training itself', async (t) => {
  const settings = { learningRate: 1e30 };
  const expected = await t.throwsAsync(trained(t, 'cpu', settings), { instanceOf: DivergenceError });
  const found = await t.throwsAsync(trained(t, 'faulty', settings), { instanceOf: DivergenceError });
  t.is(found.message, expected.message);
});

test.serial('a test split that no backend can evaluate is no fault of this one', async (t) => {
  const unusable: Split = { ...dataset.splits.test, fill: (_, out) => void out.fill(Number.NaN) };
  const data = { ...dataset, splits: { ...dataset.splits, test: unusable } };
  await t.throwsAsync(trained(t, 'faulty', { epochs: 0.5, data }), {
    instanceOf: DivergenceError,
    message: /the test loss is NaN after step 2 of 2/,
  });
});

test.serial('a divergence later on is believed', async (t) => {
  await t.throwsAsync(trained(t, 'faulty', { brokenAt: 6 }), {
    instanceOf: DivergenceError,
    message: new RegExp(`NaN at step 6 of ${STEPS}`),
  });
});

test.serial('nothing is repeated where all is well', async (t) => {
  const { state } = await trained(t, 'faulty');
  t.is(losses, STEPS);
  t.deepEqual(state, (await trained(t, 'cpu')).state);
});

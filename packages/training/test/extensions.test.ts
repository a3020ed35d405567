import { PrunebenchError, randomStream, type State, type TrainOptionsInput, trainOptions } from '@prunebench/core';
import type { Extension } from '@prunebench/network';
import { mlp, randomParameters } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { evaluate, train } from '../src/index.ts';
import { toyDataset } from './support/toy-dataset.ts';

const network = mlp([4, 5, 2]);
const dataset = toyDataset({ inputShape: [4], classes: 2, sizes: { train: 24 } });
const start: State = { parameters: randomParameters(network, 1), masks: {} };
const plain: Partial<TrainOptionsInput> = { optimizer: { kind: 'sgd', momentum: 0 }, batchSize: 24, learningRate: 0.1 };

const run = (extensions: Extension[], options: Partial<TrainOptionsInput> = {}, state = start) =>
  train(network, state, dataset, trainOptions.parse({ epochs: 3, ...plain, ...options } as TrainOptionsInput), {
    random: randomStream(1),
    extensions,
  });

const constantOutput: Extension = {
  layer: (layer, inputs, next) => (layer.name === 'fc2' ? tf.zeros([inputs[0].shape[0], 2]) : next()),
};

test.serial(
  'weight: the forward pass sees the changed weight, in training and in evaluation, and the gradient goes through it',
  async (t) => {
    const half: Extension = { weight: (name, value) => (name === 'fc2/kernel' ? tf.mul(value, 0.5) : value) };
    const scaled = {
      ...start.parameters['fc2/kernel'],
      values: start.parameters['fc2/kernel'].values.map((w) => w / 2),
    };
    const halved = { parameters: { ...start.parameters, 'fc2/kernel': scaled }, masks: {} };
    const rate = 1e-3;
    const { state, metrics } = await run([half], { epochs: 1, learningRate: rate });
    const reference = await run([], { epochs: 1, learningRate: rate }, halved);
    t.true(Math.abs(metrics.epochs![0].trainLoss - reference.metrics.epochs![0].trainLoss) < 1e-6);
    // d loss / d w = 1/2 d loss / d (w / 2)
    state.parameters['fc2/kernel'].values.forEach((value, i) => {
      const moved = reference.state.parameters['fc2/kernel'].values[i] - scaled.values[i];
      t.true(Math.abs(value - start.parameters['fc2/kernel'].values[i] - moved / 2) < 1e-6);
    });
    const seen = { ...state.parameters['fc2/kernel'], values: state.parameters['fc2/kernel'].values.map((w) => w / 2) };
    const effective = await evaluate(
      network,
      { parameters: { ...state.parameters, 'fc2/kernel': seen }, masks: {} },
      dataset.splits.validation,
    );
    t.true(Math.abs(metrics.epochs![0].validation.loss - effective.loss) < 1e-6);
  },
);

test.serial('layer: the replacement is computed, and what it does not use stays', async (t) => {
  const { state, metrics } = await run([constantOutput]);
  t.true(Math.abs(metrics.epochs![0].trainLoss - Math.log(2)) < 1e-6);
  t.deepEqual(state.parameters, start.parameters);
});

test.serial('output: a gate on a unit cuts its gradient', async (t) => {
  const gate: Extension = { output: (layer, y) => (layer.name === 'act1' ? tf.mul(y, [0, 1, 1, 1, 1]) : y) };
  const { state } = await run([gate]);
  const [after, before] = [state, start].map(({ parameters }) => parameters['fc1/kernel'].values);
  for (let i = 0; i < after.length; i += 5) t.is(after[i], before[i]);
  t.notDeepEqual(after, before);
});

test.serial(
  'penalty: with a constant network, half a square shrinks the weight by (1 - rate * strength) a step',
  async (t) => {
    const decay: Extension = {
      penalty: (parameters) => tf.mul(tf.sum(tf.square(parameters['fc1/kernel'])), 0.25) as tf.Scalar,
    };
    const { state, metrics } = await run([constantOutput, decay]);
    state.parameters['fc1/kernel'].values.forEach((value, i) => {
      t.true(Math.abs(value - start.parameters['fc1/kernel'].values[i] * 0.95 ** 3) < 1e-6);
    });
    const sum = start.parameters['fc1/kernel'].values.reduce((total, w) => total + w * w, 0);
    t.true(Math.abs(metrics.epochs![0].trainLoss - Math.log(2) - 0.25 * sum) < 1e-5);
  },
);

test.serial('variables: they are trained, without weight decay, and keep their last value', async (t) => {
  const v = tf.variable(tf.scalar(0));
  const extra: Extension = { variables: { v }, penalty: () => tf.square(tf.sub(v, 3)) as tf.Scalar };
  await run([constantOutput, extra], { weightDecay: 0.5, epochs: 4 });
  // Gradient 2 (v - 3) at rate 0.1: the distance shrinks by 0.8 a step.
  t.true(Math.abs(v.dataSync()[0] - 3 * (1 - 0.8 ** 4)) < 1e-5);
  v.dispose();
});

test.serial('variables: the best epoch is tested with the values that they had then', async (t) => {
  const gate = tf.variable(tf.scalar(1));
  const closing: Extension = {
    variables: { gate },
    output: (layer, y) => (layer.name === 'fc2' ? tf.mul(y, gate) : y),
    afterEpoch({ epoch }) {
      if (epoch === 3) tf.tidy(() => gate.assign(tf.scalar(0)));
    },
  };
  const { metrics } = await run([closing], { batchSize: 4 });
  t.true(metrics.bestValidation!.epoch < 3);
  t.true(metrics.bestValidation!.test.loss < 0.9 * Math.log(2), 'with the gate closed it is log 2');
  t.is(gate.dataSync()[0], 0);
  gate.dispose();
});

test.serial('variables: a name that is taken is refused', async (t) => {
  const v = tf.variable(tf.scalar(0));
  await t.throwsAsync(run([{ variables: { 'fc1/kernel': v } }]), {
    instanceOf: PrunebenchError,
    message: /fc1\/kernel/,
  });
  await t.throwsAsync(run([{ variables: { v } }, { variables: { v } }]), {
    instanceOf: PrunebenchError,
    message: /called v,/,
  });
  v.dispose();
});

test.serial('gradients: several compose in order', async (t) => {
  const ones: Extension = {
    gradients: (gradients) => ({ ...gradients, 'fc1/bias': tf.onesLike(gradients['fc1/bias']) }),
  };
  const doubled: Extension = {
    gradients: (gradients) => ({ ...gradients, 'fc1/bias': tf.mul(gradients['fc1/bias'], 2) }),
  };
  const { state } = await run([ones, doubled], { epochs: 1 });
  state.parameters['fc1/bias'].values.forEach((value, i) => {
    t.true(Math.abs(value - (start.parameters['fc1/bias'].values[i] - 0.2)) < 1e-6);
  });
});

test.serial('afterStep: called after every step with its place; an assigned value is masked', async (t) => {
  const masks = { 'fc1/kernel': Uint8Array.from({ length: 20 }, (_, i) => i % 2) };
  const seen: number[][] = [];
  const overwrite: Extension = {
    afterStep({ step, epoch, totalSteps, learningRate, parameters, assign }) {
      seen.push([step, epoch, totalSteps, learningRate]);
      assign('fc1/kernel', tf.onesLike(parameters['fc1/kernel']));
    },
  };
  const schedule = { kind: 'step' as const, boundaries: [0.5] };
  const options = { epochs: 2, batchSize: 12, schedule };
  const { state } = await run([overwrite], options, { ...start, masks });
  t.deepEqual(
    seen.map(([step, epoch, total]) => [step, epoch, total]),
    [
      [1, 0.5, 4],
      [2, 1, 4],
      [3, 1.5, 4],
      [4, 2, 4],
    ],
  );
  t.true(seen.every(([, , , rate], i) => Math.abs(rate - (i < 2 ? 0.1 : 0.01)) < 1e-12));
  t.deepEqual([...state.parameters['fc1/kernel'].values], [...masks['fc1/kernel']]);
});

test.serial('afterEpoch: awaited before the evaluation', async (t) => {
  const zero: Extension = {
    async afterEpoch({ parameters, assign }) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      for (const name of ['fc2/kernel', 'fc2/bias']) tf.tidy(() => assign(name, tf.zerosLike(parameters[name])));
    },
  };
  const { metrics } = await run([zero], { epochs: 1 });
  t.true(Math.abs(metrics.epochs![0].validation.loss - Math.log(2)) < 1e-6);
});

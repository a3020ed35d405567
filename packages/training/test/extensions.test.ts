import { PrunebenchError, randomStream, type State, type TrainOptionsInput, trainOptions } from '@prunebench/core';
import type { Extension, TrainingStart } from '@prunebench/network';
import { extended, mlp, randomParameters } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { evaluate, train } from '../src/index.ts';

const network = mlp([4, 5, 2]);
const dataset = toyDataset({ inputShape: [4], classes: 2, sizes: { train: 24 } });
const start: State = { parameters: randomParameters(network, 1), masks: {} };
const plain: Partial<TrainOptionsInput> = { optimizer: { kind: 'sgd', momentum: 0 }, batchSize: 24, learningRate: 0.1 };

function run(
  extensions: readonly (Extension | ((start: TrainingStart) => Extension))[],
  options: Partial<TrainOptionsInput> = {},
  state = start,
) {
  const { listed, known } = extended(...extensions);
  const parsed = trainOptions.parse({ epochs: 3, ...plain, extensions: listed, ...options } as TrainOptionsInput);
  return train(network, state, dataset, parsed, { random: randomStream(1), extensions: known });
}

const scalar = (value: number) => ({ value: { shape: [], values: Float32Array.of(value) } });
const kernel = (state: State, name = 'fc1/kernel') => [...state.parameters[name].values];
const close = (a: readonly number[], b: readonly number[], tolerance = 1e-6) =>
  a.length === b.length && a.every((value, i) => Math.abs(value - b[i]) < tolerance);

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
    const moved = kernel(reference.state, 'fc2/kernel').map((value, i) => (value - scaled.values[i]) / 2);
    const before = kernel(start, 'fc2/kernel');
    t.true(
      close(
        kernel(state, 'fc2/kernel'),
        before.map((value, i) => value + moved[i]),
      ),
    );
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
  const gate: Extension = {
    watches: ({ name }) => name === 'act1',
    output: (_, y) => tf.mul(y, [0, 1, 1, 1, 1]),
  };
  const { state } = await run([gate]);
  const [after, before] = [kernel(state), kernel(start)];
  for (let i = 0; i < after.length; i += 5) t.is(after[i], before[i]);
  t.notDeepEqual(after, before);
});

test.serial(
  'penalty: with a constant network, half a square shrinks the weight by (1 - rate * strength) a step, and counts in the loss',
  async (t) => {
    const decay: Extension = {
      penalty: (parameters) => tf.mul(tf.sum(tf.square(parameters['fc1/kernel'])), 0.25) as tf.Scalar,
    };
    const { state, metrics } = await run([constantOutput, decay]);
    t.true(
      close(
        kernel(state),
        kernel(start).map((value) => value * 0.95 ** 3),
      ),
    );
    const sum = kernel(start).reduce((total, w) => total + w * w, 0);
    t.true(Math.abs(metrics.epochs![0].trainLoss - Math.log(2) - 0.25 * sum) < 1e-5);
  },
);

test.serial('loss: it sees outputs, labels, images and taps; twice the loss moves twice as far', async (t) => {
  const shapes: number[][] = [];
  const again: Extension = {
    taps: ['act1'],
    loss({ outputs, labels, images, taps }) {
      shapes.push(outputs.shape, labels.shape, images.shape, taps.act1.shape);
      const likelihood = tf.sum(tf.mul(tf.logSoftmax(outputs as tf.Tensor2D), tf.oneHot(labels, 2)), 1);
      return tf.neg(tf.mean(likelihood)) as tf.Scalar;
    },
  };
  const once = await run([], { epochs: 1 });
  const twice = await run([again], { epochs: 1 });
  const distance = (state: State) => kernel(state).map((value, i) => value - start.parameters['fc1/kernel'].values[i]);
  t.true(
    close(
      distance(twice.state),
      distance(once.state).map((d) => 2 * d),
    ),
  );
  t.deepEqual(shapes.slice(0, 4), [[24, 2], [24], [24, 4], [24, 5]]);
});

test.serial('variables: they are trained without weight decay, and the state carries them', async (t) => {
  const extra: Extension = {
    variables: { v: scalar(0) },
    penalty: (_, { variables }) => tf.square(tf.sub(variables.v, 3)) as tf.Scalar,
  };
  const { state } = await run([constantOutput, extra], { weightDecay: 0.5, epochs: 4 });
  // Gradient 2 (v - 3) at rate 0.1: the distance shrinks by 0.8 a step.
  t.true(Math.abs(state.variables!['e1/v'].values[0] - 3 * (1 - 0.8 ** 4)) < 1e-5);
  const later = await run([constantOutput, extra], { epochs: 1 }, state);
  t.true(Math.abs(later.state.variables!['e1/v'].values[0] - 3 * (1 - 0.8 ** 5)) < 1e-5, 'a later training goes on');
});

test.serial('groups: optimizer, rate, decay and clamp of their own; a variable without gradients stays', async (t) => {
  const extra: Extension = {
    variables: {
      decayed: { ...scalar(1), group: 'slow' },
      clamped: { ...scalar(0), clamp: [-1, 0.5] },
      still: { ...scalar(7), group: null },
    },
    groups: { slow: { learningRate: 0.01, weightDecay: 2, optimizer: { kind: 'sgd', momentum: 0, nesterov: false } } },
    penalty: (_, { variables: { decayed, clamped, still } }) =>
      tf.add(tf.mul(decayed, tf.mul(still, 0)), tf.square(tf.sub(clamped, 3))) as tf.Scalar,
  };
  const { state } = await run([constantOutput, extra], { epochs: 2 });
  const value = (name: string) => state.variables![`e1/${name}`].values[0];
  t.true(Math.abs(value('decayed') - (1 - 0.02) ** 2) < 1e-6);
  t.is(value('clamped'), 0.5);
  t.is(value('still'), 7);
});

test.serial('frozen: parameters stay, running or trained', async (t) => {
  const { state } = await run([{ frozen: (name) => name.startsWith('fc1/') }]);
  t.deepEqual(state.parameters['fc1/kernel'], start.parameters['fc1/kernel']);
  t.deepEqual(state.parameters['fc1/bias'], start.parameters['fc1/bias']);
  t.notDeepEqual(kernel(state, 'fc2/kernel'), kernel(start, 'fc2/kernel'));
});

test.serial('scalars: a number of each update reaches the hooks; the learning rate too', async (t) => {
  const counted: Extension = {
    variables: { sum: { ...scalar(0), group: null }, rates: { ...scalar(0), group: null } },
    scalars: (update) => ({ tens: 10 ** update }),
    accumulate: (_, { variables, scalars, learningRate }) => ({
      sum: tf.add(variables.sum, scalars.tens),
      rates: tf.add(variables.rates, learningRate),
    }),
  };
  const { state } = await run([counted], { schedule: { kind: 'step', boundaries: [0.5] } });
  t.is(state.variables!['e0/sum'].values[0], 111);
  t.true(
    Math.abs(state.variables!['e0/rates'].values[0] - 0.21) < 1e-6,
    'the last of three steps comes after the half',
  );
});

test.serial('accumulate: gradients of the data without penalties, and parameters before and after', async (t) => {
  const sums: Extension = {
    variables: {
      moved: { value: { shape: [4, 5], values: new Float32Array(20) }, group: null },
      work: { value: { shape: [4, 5], values: new Float32Array(20) }, group: null },
    },
    penalty: (parameters) => tf.mul(tf.sum(tf.square(parameters['fc1/kernel'])), 0.25) as tf.Scalar,
    accumulate({ gradients, before, after }, { variables }) {
      const step = tf.sub(after['fc1/kernel'], before['fc1/kernel']);
      return {
        moved: tf.add(variables.moved, step),
        work: tf.add(variables.work, gradients['fc1/kernel']),
      };
    },
  };
  const { state } = await run([sums], { epochs: 1 });
  const moved = kernel(state).map((value, i) => value - start.parameters['fc1/kernel'].values[i]);
  t.true(close([...state.variables!['e0/moved'].values], moved));
  // One step of plain SGD: Δw = -rate (g + w / 2).
  const gradient = moved.map((d, i) => -d / 0.1 - start.parameters['fc1/kernel'].values[i] / 2);
  t.true(close([...state.variables!['e0/work'].values], gradient, 1e-5));
});

test.serial('gradients: several compose in order', async (t) => {
  const ones: Extension = { gradients: (gradients) => ({ 'fc1/bias': tf.onesLike(gradients['fc1/bias']) }) };
  const doubled: Extension = { gradients: (gradients) => ({ 'fc1/bias': tf.mul(gradients['fc1/bias'], 2) }) };
  const { state } = await run([ones, doubled], { epochs: 1 });
  t.true(
    close(
      kernel(state, 'fc1/bias'),
      kernel(start, 'fc1/bias').map((value) => value - 0.2),
    ),
  );
});

test.serial('afterUpdate: what it makes of the parameters is masked and stays', async (t) => {
  const masks = { 'fc1/kernel': Uint8Array.from({ length: 20 }, (_, i) => i % 2) };
  const ones: Extension = { afterUpdate: (parameters) => ({ 'fc1/kernel': tf.onesLike(parameters['fc1/kernel']) }) };
  const { state } = await run([ones], {}, { ...start, masks });
  t.deepEqual(kernel(state), [...masks['fc1/kernel']]);
});

test.serial('training or evaluation: a hook can tell, and draws other numbers', async (t) => {
  const seen: boolean[] = [];
  const noisy: Extension = {
    watches: ({ name }) => name === 'fc2',
    output(_, y, { training, random }) {
      seen.push(training);
      return training ? tf.add(y, random.normal('noise', y.shape)) : y;
    },
  };
  const { metrics } = await run([noisy], { epochs: 1, learningRate: 1e-9 });
  t.deepEqual([...new Set(seen)], [true, false]);
  const clean = await evaluate(network, start, dataset.splits.validation);
  t.true(Math.abs(metrics.epochs![0].validation.loss - clean.loss) < 1e-5);
  t.not(metrics.epochs![0].trainLoss, (await run([], { epochs: 1, learningRate: 1e-9 })).metrics.epochs![0].trainLoss);
});

test.serial('the best evaluation is tested with the variables that it had then', async (t) => {
  const closing: Extension = {
    variables: { gate: { ...scalar(1), group: null } },
    watches: ({ name }) => name === 'fc2',
    output: (_, y, { variables }) => tf.mul(y, variables.gate),
    events: { every: 'epoch', from: 3 },
    event: (training) => training.write('gate', Float32Array.of(0)),
  };
  const { metrics, state } = await run([closing], { batchSize: 4 });
  t.true(metrics.bestValidation!.epoch < 3);
  t.true(metrics.bestValidation!.test.loss < 0.9 * Math.log(2), 'with the gate closed it is log 2');
  t.is(state.variables!['e0/gate'].values[0], 0);
});

test.serial(
  'finish: what it makes of the state is the outcome; it gets its own variables by their names',
  async (t) => {
    const folding: Extension = {
      variables: { v: scalar(2) },
      finish(state, own) {
        t.is(own.v.values[0], 2);
        const { variables: _, ...rest } = state;
        return { ...rest, masks: { 'fc1/kernel': new Uint8Array(20) } };
      },
    };
    const { state } = await run([folding]);
    t.is(state.variables, undefined);
    t.deepEqual(Object.keys(state.masks), ['fc1/kernel']);
  },
);

test.serial('a name that no one knows, that is listed twice, and options that do not fit are refused', async (t) => {
  const { known } = extended({});
  const refused = (extensions: TrainOptionsInput['extensions'], message: RegExp) =>
    t.throwsAsync(
      train(network, start, dataset, trainOptions.parse({ epochs: 1, learningRate: 0.1, extensions }), {
        random: randomStream(1),
        extensions: known,
      }),
      { instanceOf: PrunebenchError, message },
    );
  await refused([{ id: 'e1' }], /no extension of training called e1/);
  await refused([{ id: 'e0' }, { id: 'e0' }], /twice/);
  await refused([{ id: 'e0', options: { strength: 1 } }], /Extension e0/);
  await t.throwsAsync(run([{ variables: { v: { ...scalar(0), group: 'none' } } }]), {
    instanceOf: PrunebenchError,
    message: /e0 is in a group that it does not have: none/,
  });
});

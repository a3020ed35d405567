/** What events read, set and move, against the same done by hand between two segments of the training. */
import { captureStep, registerNativeBackend } from '@prunebench/backend-native';
import {
  applyMasks,
  type Masks,
  type ParameterRecord,
  PrunebenchError,
  randomStream,
  type State,
  type TrainingCut,
  type TrainOptionsInput,
  trainOptions,
} from '@prunebench/core';
import { type Extension, registerStepCompiler, type TrainingAccess } from '@prunebench/network';
import { extended, mlp, randomParameters, relativeError } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { evaluate, train } from '../src/index.ts';

const network = mlp([4, 6, 2]);
const dataset = toyDataset({ inputShape: [4], classes: 2, sizes: { train: 40 } });
const masks: Masks = { 'fc1/kernel': Uint8Array.from({ length: 24 }, (_, i) => (i % 3 === 0 ? 0 : 1)) };
const moved: Masks = { 'fc1/kernel': Uint8Array.from({ length: 24 }, (_, i) => (i % 3 === 1 ? 0 : 1)) };
const parameters = randomParameters(network, 1);
const start: State = { parameters: applyMasks(parameters, masks), masks };

function run(
  extension: Extension | undefined,
  more: Partial<TrainOptionsInput> = {},
  state = start,
  net = network,
  data = dataset,
) {
  const { listed, known } = extended(...(extension ? [extension] : []));
  const budget = { epochs: 2, batchSize: 8, learningRate: 0.05, extensions: listed };
  return train(net, state, data, trainOptions.parse({ ...budget, ...more }), {
    random: randomStream(1),
    extensions: known,
  });
}

test.before(() => registerNativeBackend());
test.beforeEach(() => tf.setBackend('cpu'));
test.afterEach.always(() => registerStepCompiler('native', undefined));

test.serial('events come before every so many updates, or after epochs, within their bounds', async (t) => {
  const seen = async (events: Extension['events'], more = {}) => {
    const places: number[] = [];
    await run({ events: events!, event: ({ update }) => void places.push(update) }, more);
    return places;
  };
  // 5 updates an epoch, 10 in all.
  t.deepEqual(await seen({ every: 3 }), [3, 6, 9]);
  t.deepEqual(await seen({ every: 3, from: 0 }), [0, 3, 6, 9]);
  t.deepEqual(await seen({ every: 3, from: 1, to: 7 }), [1, 4]);
  t.deepEqual(await seen({ every: 'epoch' }), [5, 10]);
  t.deepEqual(await seen({ every: 'epoch', to: 2 }), [5]);
  t.deepEqual(await seen({ every: 'epoch' }, { epochs: 1.4 }), [5]);
  t.deepEqual(await seen({ every: 5 }, { to: 0.5 }), [], 'it belongs to the segment whose update it precedes');
});

test.serial('gradients: of removed weights too, as the loss changes when they move', async (t) => {
  const [epsilon, batchSize] = [1e-2, 40];
  let found: Readonly<Record<string, Float32Array>> = {};
  const reading: Extension = {
    events: { every: 1, from: 0, to: 1 },
    async event(training) {
      found = await training.gradients();
    },
  };
  await run(reading, { batchSize, epochs: 1 });
  for (const name of ['fc1/kernel', 'fc2/kernel', 'fc2/bias'])
    for (const i of [0, 1, 3, 5].filter((at) => at < parameters[name].values.length)) {
      const at = async (step: number) => {
        const values = start.parameters[name].values.map((w, j) => (j === i ? w + step : w));
        const changed: ParameterRecord = { ...start.parameters, [name]: { ...start.parameters[name], values } };
        return (await evaluate(network, { parameters: changed, masks: {} }, dataset.splits.train)).loss;
      };
      const slope = ((await at(epsilon)) - (await at(-epsilon))) / (2 * epsilon);
      t.true(Math.abs(found[name][i] - slope) < 2e-3, `${name} ${i}: ${found[name][i]}, ${slope}`);
    }
});

/** The training with its event in the middle, by hand: two segments, and what the event does between them. */
async function byHand(change: (state: State) => State, more: Partial<TrainOptionsInput>) {
  const first = await run(undefined, { ...more, to: 0.5 });
  return (await run(undefined, { ...more, from: 0.5 }, change(first.state))).state;
}

const slots = (state: State, of: (value: number, name: string, i: number) => number): TrainingCut => ({
  ...state.cut!,
  slots: Object.fromEntries(
    Object.entries(state.cut!.slots).map(([name, { shape, values }]) => [
      name,
      { shape, values: values.map((value, i) => of(value, name, i)) },
    ]),
  ),
});
const changed = (i: number) => masks['fc1/kernel'][i] !== moved['fc1/kernel'][i];
const moving = (keep: 'clear' | 'keep' | undefined): Extension => ({
  events: { every: 5, to: 6 },
  event: (training) => training.setMasks(moved, keep),
});

for (const optimizer of [{ kind: 'sgd', momentum: 0.9 }, { kind: 'adam' }] as const) {
  test.serial(`${optimizer.kind}: masks that move clear what they close and open, and the slots of both`, async (t) => {
    const { state } = await run(moving(undefined), { optimizer });
    const expected = await byHand(
      (before) => ({
        parameters: applyMasks(before.parameters, moved),
        masks: moved,
        cut: slots(before, (value, name, i) => (name.startsWith('fc1/kernel') && changed(i) ? 0 : value)),
      }),
      { optimizer },
    );
    t.deepEqual(state, expected);
    t.deepEqual(state.masks, moved);
  });

  test.serial(`${optimizer.kind}: the optimizer forgets when it is told to`, async (t) => {
    const forgetting: Extension = { events: { every: 5, to: 6 }, event: (training) => training.clearSlots() };
    const { state } = await run(forgetting, { optimizer });
    const expected = await byHand((before) => ({ ...before, cut: { ...slots(before, () => 0), age: 0 } }), {
      optimizer,
    });
    t.deepEqual(state, expected);
  });
}

test.serial('denseSlots: velocities under a mask are fed by its gradients, and stay when the mask opens', async (t) => {
  const velocities: Float32Array[] = [];
  const momentum: Extension = {
    denseSlots: true,
    events: { every: 1, to: 3 },
    async event(training: TrainingAccess) {
      velocities.push((await training.slots('fc1/kernel'))[0]);
      if (training.update === 2) await training.setMasks(moved, 'keep');
    },
  };
  const { state } = await run(momentum, { optimizer: { kind: 'sgd', momentum: 0.9 }, epochs: 0.6 });
  t.true(velocities[0].some((value, i) => masks['fc1/kernel'][i] === 0 && value !== 0));
  let opened = 0;
  for (const [i, kept] of moved['fc1/kernel'].entries()) {
    const isZero = state.parameters['fc1/kernel'].values[i] === 0;
    if (kept === 0) t.true(isZero);
    // A dead unit's weights have no gradient.
    if (kept === 0 || masks['fc1/kernel'][i] === 1 || velocities[1][i] === 0) continue;
    t.false(isZero);
    opened++;
  }
  t.true(opened > 0);
});

test.serial('an event may stand for its update: the batch is counted, and nothing moves', async (t) => {
  const replacing: Extension = {
    events: { every: 1, from: 0 },
    async event(training) {
      await training.gradients();
      training.replaceUpdate();
    },
  };
  const { state, metrics } = await run(replacing, { epochs: 1 });
  t.deepEqual(state.parameters, start.parameters);
  t.is(metrics.trainedExamples, 40);
  const { loss } = await evaluate(network, start, dataset.splits.train);
  t.true(Math.abs(metrics.epochs![0].trainLoss - loss) < 1e-5);
});

test.serial('a mask that comes to a parameter without one is freed with the training', async (t) => {
  const fresh: Extension = {
    events: { every: 5, to: 6 },
    event: (training) => training.setMasks({ 'fc2/kernel': new Uint8Array(12).fill(1, 4) }),
  };
  await run(fresh);
  const before = tf.memory().numTensors;
  const { state } = await run(fresh);
  t.deepEqual(Object.keys(state.masks).sort(), ['fc1/kernel', 'fc2/kernel']);
  t.is(tf.memory().numTensors, before);
});

test.serial('between epochs there is no batch; masks that fit nothing are refused', async (t) => {
  const after = (event: Extension['event']) => run({ events: { every: 'epoch' }, event: event! });
  await t.throwsAsync(
    after(async (training) => void (await training.gradients())),
    { message: /no batch/ },
  );
  await t.throwsAsync(
    after((training) => training.replaceUpdate()),
    { message: /no update/ },
  );
  const wrong = { 'fc1/kernal': new Uint8Array(24) };
  await t.throwsAsync(
    after((training) => training.setMasks(wrong)),
    { instanceOf: PrunebenchError, message: /kernal/ },
  );
});

test.serial('between events steps are compiled and sparse; captured or not, the bits are the same', async (t) => {
  const wide = mlp([20, 40, 3]);
  const data = toyDataset({ inputShape: [20], classes: 3, sizes: { train: 200, validation: 12, test: 12 } });
  const size = 800;
  const maskAt = (round: number): Masks => ({
    'fc1/kernel': Uint8Array.from({ length: size }, (_, i) => ((i * 7 + round) % 10 === 0 ? 1 : 0)),
  });
  const drawn = randomParameters(wide, 2);
  const state: State = { parameters: applyMasks(drawn, maskAt(0)), masks: maskAt(0) };
  const moves: Extension = {
    events: { every: 'epoch', to: 3 },
    event: (training) => training.setMasks(maskAt(training.epoch)),
  };
  const more = { epochs: 3, batchSize: 10 };
  const dense = await run(moves, more, state, wide, data);
  await tf.setBackend('native');
  const sparse = { ...more, sparse: 'auto' as const };
  const eager = await run(moves, sparse, state, wide, data);
  let compiled = 0;
  registerStepCompiler('native', (body, examples, variables) => {
    compiled++;
    return captureStep(body, examples, { state: variables });
  });
  const captured = await run(moves, sparse, state, wide, data);
  t.is(compiled, 3);
  t.deepEqual(captured.metrics.sparseKernels, ['fc1/kernel']);
  t.deepEqual(captured.state, eager.state);
  t.deepEqual(captured.state.masks, maskAt(2));
  for (const [name, { values }] of Object.entries(dense.state.parameters))
    t.true(relativeError(captured.state.parameters[name].values, values) < 1e-4, name);
});

import { type State, trainOptions } from '@prunebench/core';
import { convNet, mlp, randomParameters } from '@prunebench/testing';
import { contentOf, toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { evaluate, stepKinds } from '../src/index.ts';
import { runStep, sessionOf } from './support/session.ts';

const network = mlp([4, 6, 3]);
const dataset = toyDataset({ inputShape: [4], classes: 3 });
const masks = { 'fc1/kernel': Uint8Array.from({ length: 24 }, (_, i) => i % 2) };
const state: State = { parameters: randomParameters(network, 1), masks };

test('every kind of step has a name of its own', (t) => {
  const kinds = stepKinds.map(({ kind }) => kind);
  t.is(new Set(kinds).size, kinds.length);
  for (const kind of ['train', 'prune', 'reinitialize', 'rewind', 'estimate-batch-norm']) t.true(kinds.includes(kind));
});

test('initial parameters depend on the seed and on nothing else', (t) => {
  const initial = sessionOf({ network, dataset }).initialParameters();
  t.deepEqual(sessionOf({ network, dataset, position: 4 }).initialParameters(), initial);
  t.notDeepEqual(sessionOf({ network, dataset, seed: 2 }).initialParameters(), initial);
});

test.serial('train: like train itself; the order of the examples depends on the position', async (t) => {
  const options = trainOptions.parse({ epochs: 1, learningRate: 0.1, batchSize: 8 });
  const at = (position: number) => runStep(sessionOf({ network, dataset, position }), state, 'train', options);
  const { state: trained, metrics } = await at(0);
  t.deepEqual((await at(0)).state, trained);
  t.notDeepEqual((await at(1)).state.parameters, trained.parameters);
  t.is(metrics.trainedExamples, 60);
  t.deepEqual(await evaluate(network, trained, dataset.splits.validation), metrics.epochs![0].validation);
});

test.serial(
  'evaluations are told of one by one: of trainings, by epoch and at their best, and those that a step asks for',
  async (t) => {
    const told: string[] = [];
    const session = sessionOf({ network, dataset, onEvaluation: (split) => told.push(split) });
    const count = async (run: () => Promise<unknown>) => {
      told.length = 0;
      await run();
      return { validation: told.filter((each) => each === 'validation').length, all: told.length };
    };
    const training = { epochs: 3, learningRate: 0.1, batchSize: 8 };
    const train = (more: object) => () => session.train(state, trainOptions.parse({ ...training, ...more }));
    // The test split once, for the best epoch.
    t.deepEqual(await count(train({})), { validation: 3, all: 4 });
    t.deepEqual(await count(train({ epochs: 2.5 })), { validation: 3, all: 4 }, 'a partial epoch has one too');
    t.deepEqual(await count(train({ evaluate: 'end' })), { validation: 1, all: 2 });
    await count(() => session.evaluate(state, 'validation'));
    await session.evaluate(state, 'train');
    t.deepEqual(told, ['validation', 'train']);
  },
);

test('reinitialize: other values than the first initialization, the same ones again when repeated, masks kept', async (t) => {
  const session = sessionOf({ network, dataset });
  const { state: fresh } = await runStep(session, state, 'reinitialize');
  t.deepEqual(fresh.masks, masks);
  const values = fresh.parameters['fc1/kernel'].values;
  const initial = session.initialParameters()['fc1/kernel'].values;
  t.true(values.every((value, i) => (masks['fc1/kernel'][i] === 0 ? value === 0 : value !== initial[i])));
  t.deepEqual((await runStep(sessionOf({ network, dataset }), state, 'reinitialize')).state, fresh);
});

test('rewind: the parameters of an earlier step under the masks of now', async (t) => {
  const earlier: State = { parameters: randomParameters(network, 9), masks: {} };
  const session = sessionOf({ network, dataset, earlier: [state, earlier] });
  const { state: rewound } = await runStep(session, state, 'rewind', { to: 1 });
  t.is(rewound.masks, masks);
  t.deepEqual(
    [...rewound.parameters['fc1/kernel'].values],
    [...earlier.parameters['fc1/kernel'].values]
      .map((value, i) => value * masks['fc1/kernel'][i])
      .map((value) => value + 0),
  );
  t.deepEqual(rewound.parameters['fc2/kernel'], earlier.parameters['fc2/kernel']);
  const { state: ticket } = await runStep(session, state, 'rewind', { to: -1 });
  t.deepEqual(ticket.parameters['fc2/kernel'], session.initialParameters()['fc2/kernel']);
});

test.serial(
  'estimate-batch-norm: with one batch of the whole split, the mean of the layer below over it',
  async (t) => {
    const cnn = convNet();
    const images = toyDataset({ inputShape: [8, 8, 2], classes: 3, sizes: { calibration: 5 } });
    const parameters = randomParameters(cnn, 3);
    // A kernel that passes the first channel on to every filter: its statistics are those of the channel.
    const passing = parameters['conv1/kernel'].values.map((_, i) => (i >= 4 * 8 && i < 4 * 8 + 4 ? 1 : 0));
    const start: State = {
      parameters: {
        ...parameters,
        'conv1/kernel': { shape: [3, 3, 2, 4], values: passing },
        'conv1/bias': { shape: [4], values: new Float32Array(4) },
      },
      masks: {},
    };
    const session = sessionOf({ network: cnn, dataset: images });
    const { state: estimated } = await runStep(session, start, 'estimate-batch-norm', {
      split: 'calibration',
      batches: 1,
      batchSize: 5,
    });
    const channel = contentOf(images.splits.calibration, 128).x.flatMap((image) => image.filter((_, i) => i % 2 === 0));
    const mean = channel.reduce((sum, value) => sum + value, 0) / channel.length;
    t.true(estimated.parameters['bn1/movingMean'].values.every((value) => Math.abs(value - mean) < 1e-5));
    t.deepEqual(estimated.parameters['conv2/kernel'], parameters['conv2/kernel']);
  },
);

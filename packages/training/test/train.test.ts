import {
  DivergenceError,
  type Masks,
  type ParameterRecord,
  type Progress,
  PrunebenchError,
  randomStream,
  type State,
  type TrainOptionsInput,
  trainOptions,
} from '@prunebench/core';
import { type Extension, initializeParameters } from '@prunebench/network';
import { convNet, extended, kernels, mlp, randomParameters, residualNet } from '@prunebench/testing';
import { contentOf, toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { evaluate, train } from '../src/index.ts';

const options = (input: Partial<TrainOptionsInput>) => trainOptions.parse({ epochs: 1, learningRate: 0.1, ...input });
const fresh = (network: Parameters<typeof initializeParameters>[0]): State => ({
  parameters: initializeParameters(network, randomStream(1, 'init')),
  masks: {},
});
const bytes = (parameters: ParameterRecord) =>
  Buffer.concat(
    Object.values(parameters).map(({ values }) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
  );

const dataset = toyDataset({ inputShape: [6], classes: 3 });
const network = mlp([6, 8, 3]);
const trainWith = (
  extension: Extension,
  more: Partial<TrainOptionsInput> = {},
  context: { signal?: AbortSignal } = {},
) => {
  const { listed, known } = extended(extension);
  const chosen = options({ ...more, extensions: listed });
  return train(network, fresh(network), dataset, chosen, { random: randomStream(1), extensions: known, ...context });
};

test.serial('separable data are learnt without a mistake, by a dense and by a convolutional network', async (t) => {
  const { state, metrics } = await train(network, fresh(network), dataset, options({ epochs: 15, batchSize: 16 }), {
    random: randomStream(1),
  });
  t.is((await evaluate(network, state, dataset.splits.train)).accuracy, 100);
  t.is((await evaluate(network, state, dataset.splits.test)).accuracy, 100);
  t.is(metrics.bestValidation?.validation.accuracy, 100);
  const images = toyDataset({ inputShape: [8, 8, 2], classes: 3, sizes: { train: 96, validation: 12, test: 30 } });
  const cnn = convNet();
  const learnt = await train(cnn, fresh(cnn), images, options({ epochs: 10, batchSize: 8, learningRate: 0.02 }), {
    random: randomStream(1),
  });
  t.is((await evaluate(cnn, learnt.state, images.splits.test)).accuracy, 100);
});

test.serial(
  'full-batch training of a softmax regression follows the float64 loop, weight decay on the kernel only',
  async (t) => {
    const linear = mlp([6, 3]);
    const epochs = 7;
    const initial = fresh(linear);
    const train64 = contentOf(dataset.splits.train, 6);
    const w = [...initial.parameters['fc1/kernel'].values];
    const b = [0, 0, 0];
    const velocity = new Array(21).fill(0);
    const losses: number[] = [];
    for (let epoch = 0; epoch < epochs; epoch++) {
      const slope = new Array(21).fill(0);
      let loss = 0;
      train64.x.forEach((x, n) => {
        const z = b.map((bias, c) => x.reduce((sum, value, f) => sum + value * w[f * 3 + c], bias));
        const total = z.reduce((sum, value) => sum + Math.exp(value), 0);
        loss += (Math.log(total) - z[train64.y[n]]) / train64.x.length;
        z.forEach((value, c) => {
          const residual = (Math.exp(value) / total - (c === train64.y[n] ? 1 : 0)) / train64.x.length;
          for (let f = 0; f < 6; f++) slope[f * 3 + c] += residual * x[f];
          slope[18 + c] += residual;
        });
      });
      losses.push(loss);
      for (let i = 0; i < 21; i++) {
        velocity[i] = 0.9 * velocity[i] + slope[i] + (i < 18 ? 0.02 * w[i] : 0);
        if (i < 18) w[i] -= 0.1 * velocity[i];
        else b[i - 18] -= 0.1 * velocity[i];
      }
    }
    const { state, metrics } = await train(
      linear,
      initial,
      dataset,
      options({ epochs, batchSize: 60, weightDecay: 0.02 }),
      {
        random: randomStream(1),
      },
    );
    const error = (actual: ArrayLike<number>, expected: number[]) =>
      Math.max(...expected.map((value, i) => Math.abs(value - actual[i])));
    t.true(error(state.parameters['fc1/kernel'].values, w) < 1e-5);
    t.true(error(state.parameters['fc1/bias'].values, b) < 1e-5);
    t.true(
      error(
        metrics.epochs!.map(({ trainLoss }) => trainLoss),
        losses,
      ) < 1e-5,
    );
  },
);

test.serial(
  'the same stream gives the same bytes, another stream others; the state that went in is not touched',
  async (t) => {
    const images = toyDataset({ inputShape: [6, 6, 3], classes: 3, sizes: { train: 20, validation: 6, test: 6 } });
    const residual = residualNet();
    const initial = fresh(residual);
    const before = bytes(initial.parameters);
    const run = (seed: number) =>
      train(
        residual,
        initial,
        images,
        options({ epochs: 2, batchSize: 8, optimizer: { kind: 'adam' }, learningRate: 0.01 }),
        { random: randomStream(seed) },
      );
    const first = await run(5);
    const second = await run(5);
    t.deepEqual(bytes(second.state.parameters), bytes(first.state.parameters));
    t.deepEqual(second.metrics, first.metrics);
    t.notDeepEqual(bytes((await run(6)).state.parameters), bytes(first.state.parameters));
    t.deepEqual(bytes(initial.parameters), before);
  },
);

for (const optimizer of [
  { kind: 'sgd' },
  { kind: 'sgd', nesterov: true },
  { kind: 'adam' },
  { kind: 'adamw' },
] as const) {
  test.serial(`masked weights stay exactly 0, others move: ${JSON.stringify(optimizer)}`, async (t) => {
    const masks: Masks = {
      'fc1/kernel': Uint8Array.from({ length: 48 }, (_, i) => (i % 4 === 0 ? 1 : 0)),
      'fc2/bias': Uint8Array.of(1, 0, 1),
    };
    const start = { parameters: randomParameters(network, 4), masks };
    const { state } = await train(
      network,
      start,
      dataset,
      options({ epochs: 2, batchSize: 16, optimizer, weightDecay: 0.01, learningRate: 0.01 }),
      { random: randomStream(1) },
    );
    t.is(state.masks, masks);
    for (const [name, mask] of Object.entries(masks)) {
      const { values } = state.parameters[name];
      t.true(values.every((value, i) => (mask[i] === 0 ? value === 0 : value !== start.parameters[name].values[i])));
    }
  });
}

test.serial('a loss that is not finite stops training with step and epoch', async (t) => {
  const exploding: Extension = { output: (layer, y) => (layer.name === 'fc2' ? tf.mul(y, 1e20) : y) };
  const error = await t.throwsAsync(trainWith(exploding, { epochs: 3, batchSize: 10, learningRate: 1e20 }), {
    instanceOf: DivergenceError,
  });
  t.regex(error.message, /the loss is (NaN|Infinity) at step \d+ of 18 \(epoch [123]\)/);
});

for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
  test.serial(`the step that the message names is the first bad one: ${bad}`, async (t) => {
    let calls = 0;
    const poisoned: Extension = { penalty: () => tf.scalar(++calls === 9 ? bad : 0) };
    await t.throwsAsync(trainWith(poisoned, { epochs: 3, batchSize: 10 }), {
      instanceOf: DivergenceError,
      message: new RegExp(`is ${bad} at step 9 of 18 \\(epoch 2\\)`),
    });
  });
}

test.serial('parameters ruined by the very last step do not pass as a result', async (t) => {
  const ruin: Extension = {
    events: { every: 'epoch' },
    event: (training) => training.write('fc2/bias', new Float32Array(3).fill(Number.NaN)),
  };
  await t.throwsAsync(trainWith(ruin), { instanceOf: DivergenceError, message: /validation loss is NaN/ });
});

test.serial('a fraction of an epoch trains so many batches; every example of a whole epoch comes once', async (t) => {
  const lengths = async (epochs: number) => {
    const { metrics } = await train(network, fresh(network), dataset, options({ epochs, batchSize: 16 }), {
      random: randomStream(1),
    });
    return { examples: metrics.trainedExamples, epochs: metrics.epochs!.map(({ epoch }) => epoch) };
  };
  t.deepEqual(await lengths(1), { examples: 60, epochs: [1] });
  t.deepEqual(await lengths(0.5), { examples: 32, epochs: [0.5] });
  t.deepEqual(await lengths(2.25), { examples: 136, epochs: [1, 2, 2.25] });
  t.deepEqual(await lengths(0.3), { examples: 16, epochs: [0.25] });
  t.deepEqual(await lengths(0.001), { examples: 16, epochs: [0.25] });
});

test.serial('the training loss of an epoch is the mean over examples, whatever the batches', async (t) => {
  // Nothing moves at this rate, so every batch sees the same network.
  const start = { parameters: randomParameters(network, 2), masks: {} };
  const { loss } = await evaluate(network, start, dataset.splits.train);
  for (const batchSize of [7, 60]) {
    const { metrics } = await train(network, start, dataset, options({ batchSize, learningRate: 1e-30 }), {
      random: randomStream(1),
    });
    t.true(Math.abs(metrics.epochs![0].trainLoss - loss) < 1e-5);
  }
});

test.serial('the best epoch on validation is reported with its own test accuracy, the state is the last', async (t) => {
  const spoil: Extension = {
    events: { every: 'epoch', from: 3 },
    async event(training) {
      for (const name of Object.keys(fresh(network).parameters))
        training.write(name, (await training.read(name)).fill(0));
    },
  };
  const { state, metrics } = await trainWith(spoil, { epochs: 3, batchSize: 4 });
  t.deepEqual(
    metrics.epochs!.map(({ validation }) => Math.round(validation.accuracy)),
    [100, 100, 33],
  );
  t.is(metrics.bestValidation!.epoch, 1);
  t.is(metrics.bestValidation!.test.accuracy, 100);
  t.true(Object.values(state.parameters).every(({ values }) => values.every((value) => value === 0)));
});

test.serial('nothing is left on the backend, also after an error', async (t) => {
  const cnn = convNet();
  const images = toyDataset({ inputShape: [8, 8, 2], classes: 3, sizes: { train: 12, validation: 6, test: 6 } });
  const before = tf.memory().numTensors;
  await train(cnn, fresh(cnn), images, options({ epochs: 2, batchSize: 5 }), { random: randomStream(1) });
  t.is(tf.memory().numTensors, before);
  const fail: Extension = { penalty: () => tf.scalar(Number.NaN) };
  await t.throwsAsync(trainWith(fail, { batchSize: 1 }));
  t.is(tf.memory().numTensors, before);
});

test.serial('an aborted training stops with the reason', async (t) => {
  const stop = new AbortController();
  const wait = () => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30);
  const slow: Extension = { events: { every: 1 }, event: wait };
  setTimeout(() => stop.abort(new Error('Ctrl-C')), 150);
  const running = trainWith(slow, { epochs: 1000, batchSize: 1 }, { signal: stop.signal });
  await t.throwsAsync(running, { message: 'Ctrl-C' });
});

test.serial('progress ends at 1 and carries loss and speed', async (t) => {
  const seen: Progress[] = [];
  await train(network, fresh(network), dataset, options({ epochs: 2 }), {
    random: randomStream(1),
    onProgress: (progress) => seen.push(progress),
  });
  t.is(seen.at(-1)?.fraction, 1);
  t.true(seen.every(({ fraction }, i) => i === 0 || fraction >= seen[i - 1].fraction));
  t.true(Number.isFinite(seen.at(-1)?.loss) && seen.at(-1)!.examplesPerSecond! > 0);
});

test.serial('a dataset of another input size is refused before anything is computed', async (t) => {
  await t.throwsAsync(
    train(
      mlp([5, 3]),
      { parameters: kernels(mlp([5, 3]), { fc1: new Array(15).fill(0) }), masks: {} },
      dataset,
      options({}),
      { random: randomStream(1) },
    ),
    {
      instanceOf: PrunebenchError,
      message: /takes inputs \[5\], but dataset toy has \[6\]/,
    },
  );
});

const smooth = mlp([6, 8, 3], { activation: 'tanh' });

test.serial('dropout draws new units at every step, and the same ones when repeated', async (t) => {
  const dropout = {
    ...smooth,
    name: 'with-dropout',
    layers: smooth.layers.flatMap((layer) =>
      layer.name === 'fc2'
        ? [
            { kind: 'dropout' as const, name: 'drop', inputs: layer.inputs, rate: 0.5 },
            { ...layer, inputs: ['drop'] },
          ]
        : [layer],
    ),
  };
  const patterns: string[] = [];
  const tap: Extension = {
    output(layer, y) {
      if (layer.name === 'drop' && y.shape[0] === 59)
        patterns.push(
          y
            .dataSync()
            .map((value) => (value === 0 ? 0 : 1))
            .join(''),
        );
      return y;
    },
  };
  // 59, so that training batches differ in size from those of the evaluation.
  const odd = toyDataset({ inputShape: [6], classes: 3, sizes: { train: 59 } });
  const { listed, known } = extended(tap);
  const run = () =>
    train(
      dropout,
      { parameters: randomParameters(dropout, 3), masks: {} },
      odd,
      options({ epochs: 3, batchSize: 60, learningRate: 1e-30, extensions: listed }),
      { random: randomStream(1), extensions: known },
    );
  await run();
  const first = patterns.splice(0);
  t.is(new Set(first).size, 3);
  await run();
  t.deepEqual(patterns, first);
});

test('what a training has evaluated of the state that it leaves is what an evaluation of it gives', async (t) => {
  const last: boolean[] = [];
  for (const seed of [1, 2, 3, 4]) {
    const slow = options({ epochs: 3, batchSize: 16, learningRate: 0.01 });
    const outcome = await train(network, fresh(network), dataset, slow, { random: randomStream(seed) });
    const { validation, test: known } = outcome.evaluations!;
    t.deepEqual(validation, await evaluate(network, outcome.state, dataset.splits.validation));
    if (known) t.deepEqual(known, await evaluate(network, outcome.state, dataset.splits.test));
    t.is(known !== undefined, outcome.metrics.bestValidation!.epoch === 3);
    last.push(known !== undefined);
  }
  t.true(last.includes(true));
});

test('a training that an extension takes part in says nothing of the state that it leaves', async (t) => {
  t.is((await trainWith({ output: (_, y) => y })).evaluations, undefined);
});

import { type Network, randomStream, type State, type TrainOptionsInput, trainOptions } from '@prunebench/core';
import { initializeParameters, registerStepCompiler, type StepCompiler } from '@prunebench/network';
import { extended, mlp, residualNet } from '@prunebench/testing';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { evaluate, train } from '../src/index.ts';

/** Stands for a backend's compiler: runs the body anew every time, with what a replay would have, and counts. */
function countingCompiler() {
  const counts = { compiled: 0, runs: 0, disposed: 0 };
  const compile: StepCompiler = (body, examples) => {
    counts.compiled++;
    const kinds = examples.map(({ shape, dtype }) => ({ shape, dtype }));
    return {
      run(...inputs) {
        counts.runs++;
        return tf.tidy(() => {
          const tensors = inputs.map((values, i) => tf.tensor(values.slice(), kinds[i].shape, kinds[i].dtype));
          return body(tensors).map((output) => output.dataSync().slice() as Float32Array) as never;
        });
      },
      dispose() {
        counts.disposed++;
      },
    };
  };
  return { counts, compile };
}

const network = mlp([6, 8, 3]);
const dataset = toyDataset({ inputShape: [6], classes: 3, sizes: { train: 50, validation: 1020, test: 1000 } });
const start: State = {
  parameters: initializeParameters(network, randomStream(1)),
  masks: { 'fc1/kernel': new Uint8Array(48).fill(1, 10) },
};

function run(net: Network, data: typeof dataset, state: State, options: Partial<TrainOptionsInput>) {
  const parsed = trainOptions.parse({ epochs: 3, batchSize: 8, learningRate: 0.05, ...options });
  return train(net, state, data, parsed, { random: randomStream(1) });
}

test.afterEach.always(() => registerStepCompiler('cpu', undefined));

for (const optimizer of [{ kind: 'sgd', momentum: 0.9 }, { kind: 'adamw' }] as const) {
  test.serial(`compiled steps and evaluations change no bit: ${optimizer.kind}`, async (t) => {
    const options = { optimizer, schedule: { kind: 'cosine' as const }, weightDecay: 0.01 };
    const eager = await run(network, dataset, start, options);
    const { counts, compile } = countingCompiler();
    registerStepCompiler('cpu', compile);
    const before = tf.memory().numTensors;
    const compiled = await run(network, dataset, start, options);
    t.deepEqual(compiled.state, eager.state);
    t.deepEqual(compiled.metrics, eager.metrics);
    // 50 = 6 batches of 8 and a ragged one, three times; 1020 = 4 batches of 250 and a ragged one; the test split after the last.
    t.is(counts.runs, 3 * 6 + 3 * 4 + 4);
    t.deepEqual([counts.compiled, counts.disposed], [2, 2]);
    t.is(tf.memory().numTensors, before);
  });
}

test.serial('running statistics move in compiled steps too', async (t) => {
  const images = toyDataset({ inputShape: [6, 6, 3], classes: 3, sizes: { train: 24, validation: 6, test: 6 } });
  const residual = residualNet();
  const state: State = { parameters: initializeParameters(residual, randomStream(1)), masks: {} };
  const eager = await run(residual, images, state, { epochs: 4 });
  const { counts, compile } = countingCompiler();
  registerStepCompiler('cpu', compile);
  t.deepEqual((await run(residual, images, state, { epochs: 4 })).state, eager.state);
  t.is(counts.runs, 12);
});

test.serial('a handful of steps is not compiled, nor what comes to an event soon', async (t) => {
  const { counts, compile } = countingCompiler();
  registerStepCompiler('cpu', compile);
  const small = toyDataset({ inputShape: [6], classes: 3 });
  await run(network, small, start, { epochs: 1 });
  const { listed, known } = extended({ events: { every: 4 }, event: () => {} });
  const parsed = trainOptions.parse({ epochs: 2, batchSize: 8, learningRate: 0.05, extensions: listed });
  await train(network, start, small, parsed, { random: randomStream(1), extensions: known });
  t.is(counts.compiled, 0);
});

test.serial('a backend that cannot record the step runs it as it is', async (t) => {
  const eager = await run(network, dataset, start, {});
  registerStepCompiler('cpu', () => undefined);
  t.deepEqual((await run(network, dataset, start, {})).state, eager.state);
});

test.serial('a loss that is not finite in a compiled step is noticed', async (t) => {
  registerStepCompiler('cpu', countingCompiler().compile);
  await t.throwsAsync(run(network, dataset, start, { learningRate: 1e30 }), {
    message: /diverged: the loss is (NaN|Infinity) at step \d+ of 21/,
  });
});

test.serial('one evaluation is compiled only when it has batches enough', async (t) => {
  const { counts, compile } = countingCompiler();
  registerStepCompiler('cpu', compile);
  await evaluate(network, start, dataset.splits.train);
  t.is(counts.compiled, 0);
  const compiled = await evaluate(network, start, dataset.splits.test);
  t.deepEqual([counts.compiled, counts.runs, counts.disposed], [1, 4, 1]);
  registerStepCompiler('cpu', undefined);
  t.deepEqual(await evaluate(network, start, dataset.splits.test), compiled);
});

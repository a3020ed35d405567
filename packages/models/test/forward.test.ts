import { randomStream } from '@prunebench/core';
import { type ForwardHooks, forward, initializeParameters } from '@prunebench/network';
import '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { buildModel, findModel, models } from '../src/index.ts';

const shapes: Record<string, { inputShape: number[]; classes: number }> = {
  mnist: { inputShape: [28, 28, 1], classes: 10 },
  cifar10: { inputShape: [32, 32, 3], classes: 10 },
  monk1: { inputShape: [17], classes: 2 },
  monk2: { inputShape: [17], classes: 2 },
};

/** An extension that looks at every layer and changes none: layers then run one by one instead of fused. */
const watching: ForwardHooks = { output: (_, y) => y };

for (const { id, defaultDataset, loss } of models)
  test(`${id} computes finite outputs, the same fused and layer by layer`, async (t) => {
    const scaled = `${id}-w0.125`;
    const { inputShape, classes } = shapes[defaultDataset];
    const network = buildModel(scaled, { inputShape, classes });
    const random = randomStream(7);
    const initial = initializeParameters(network, random, findModel(scaled).initializer);
    const parameters = Object.fromEntries(
      Object.entries(initial).map(([name, { values, shape }]) => [name, tf.tensor(values, [...shape])]),
    );
    const size = 2 * inputShape.reduce((product, length) => product * length, 1);
    const x = tf.tensor(
      Float32Array.from({ length: size }, () => random.normal()),
      [2, ...inputShape],
    );
    const fused = forward(network, parameters, x);
    t.deepEqual(fused.shape, [2, loss === 'cross-entropy' ? classes : 1]);
    const values = await fused.data();
    const single = await forward(network, parameters, x, { hooks: [watching] }).data();
    const scale = Math.max(...values.map(Math.abs));
    t.true(scale > 0 && Number.isFinite(scale));
    values.forEach((value, i) => {
      t.true(Math.abs(value - single[i]) < 1e-4 * scale);
    });
  });

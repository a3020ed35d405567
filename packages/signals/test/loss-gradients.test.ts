import { type Batch, type Network, type ParameterRecord, parameterSpecs, randomStream } from '@prunebench/core';
import type { ForwardHooks } from '@prunebench/network';
import { closeTo, convNet, mlp, outputs, randomParameters, residualNet } from '@prunebench/testing';

import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { lossGradients } from '../src/index.ts';

function randomBatch(network: Network, size: number, classes: number): Batch {
  const stream = randomStream(2, 'batch');
  const features = network.inputShape.reduce((product, length) => product * length, 1);
  return {
    x: Float32Array.from({ length: size * features }, () => stream.normal()),
    y: Int32Array.from({ length: size }, (_, i) => i % classes),
    size,
  };
}

/** The mean loss from the network's outputs, in double precision. */
function lossOf(network: Network, parameters: ParameterRecord, batch: Batch): number {
  const values = outputs(network, parameters, batch);
  const units = values.length / batch.size;
  const losses = Array.from(batch.y, (label, n) => {
    const o = [...values.subarray(n * units, (n + 1) * units)];
    if (network.loss === 'squared-error') return (o[0] - label) ** 2 / 2;
    return Math.log(o.reduce((sum, value) => sum + Math.exp(value), 0)) - o[label];
  });
  return losses.reduce((sum, loss) => sum + loss, 0) / batch.size;
}

test.serial('softmax regression: X^T (softmax - one-hot) / N, pruned weights included', async (t) => {
  const network = mlp([3, 2]);
  const parameters = randomParameters(network, 1);
  const masks = { 'fc1/kernel': Uint8Array.of(1, 0, 1, 1, 0, 1) };
  const batch = randomBatch(network, 4, 2);
  const { loss, gradients } = await lossGradients(network, parameters, batch, { masks });
  const w = parameters['fc1/kernel'].values.map((value, i) => value * masks['fc1/kernel'][i]);
  const expected = new Array(6).fill(0);
  let total = 0;
  for (let n = 0; n < 4; n++) {
    const x = batch.x.subarray(n * 3, n * 3 + 3);
    const z = [0, 1].map((c) => parameters['fc1/bias'].values[c] + x[0] * w[c] + x[1] * w[2 + c] + x[2] * w[4 + c]);
    const sum = Math.exp(z[0]) + Math.exp(z[1]);
    total += (Math.log(sum) - z[batch.y[n]]) / 4;
    for (let f = 0; f < 3; f++)
      for (let c = 0; c < 2; c++)
        expected[f * 2 + c] += (x[f] * (Math.exp(z[c]) / sum - (c === batch.y[n] ? 1 : 0))) / 4;
  }
  closeTo(t, loss, total, 1e-6);
  t.true(expected.every((value, i) => Math.abs(gradients['fc1/kernel'][i] - value) < 1e-6));
});

for (const [name, network, classes] of [
  ['convolutions', convNet(), 3],
  ['a residual block', residualNet(), 3],
  ['squared error', { ...mlp([4, 3, 1], { activation: 'tanh' }), loss: 'squared-error' } as Network, 2],
] as const) {
  test.serial(`central differences of the evaluated loss agree: ${name}`, async (t) => {
    const parameters = randomParameters(network, 6);
    const batch = randomBatch(network, 6, classes);
    const { gradients } = await lossGradients(network, parameters, batch);
    t.deepEqual(
      Object.keys(gradients),
      parameterSpecs(network)
        .filter(({ trainable }) => trainable)
        .map((spec) => spec.name),
    );
    const step = 2e-3;
    for (const [parameter, gradient] of Object.entries(gradients)) {
      // Along the gradient itself: the slope is its length.
      const length = Math.hypot(...gradient);
      const lossAt = (distance: number) => {
        const moved = parameters[parameter].values.map((value, i) => value + (distance * gradient[i]) / length);
        const changed = { ...parameters, [parameter]: { ...parameters[parameter], values: moved } };
        return lossOf(network, changed, batch);
      };
      const slope = (lossAt(step) - lossAt(-step)) / (2 * step);
      closeTo(t, slope, length, 0.01 * length + 1e-4, `${parameter}: ${slope} and ${length}`);
    }
  });
}

test.serial('training mode uses the statistics of the batch: a shift of the input then has no effect', async (t) => {
  const network: Network = {
    name: 'bn-first',
    inputShape: [2],
    layers: [
      { kind: 'batchNorm', name: 'bn', inputs: ['input'], epsilon: 1e-3, momentum: 0.9 },
      { kind: 'dense', name: 'fc', inputs: ['bn'], units: 2, useBias: true },
    ],
  };
  const parameters = randomParameters(network, 1);
  const batch = randomBatch(network, 8, 2);
  const shifted = { ...batch, x: batch.x.map((value) => value + 5) };
  const of = async (data: Batch, training: boolean) =>
    (await lossGradients(network, parameters, data, { training })).loss;
  closeTo(t, await of(batch, true), await of(shifted, true), 1e-4);
  t.true(Math.abs((await of(batch, false)) - (await of(shifted, false))) > 1e-2);
});

test.serial('extensions are a part of the network', async (t) => {
  const network = mlp([4, 3, 2]);
  const gate: ForwardHooks = { output: (layer, y) => (layer.name === 'act1' ? tf.mul(y, [1, 0, 1]) : y) };
  const batch = randomBatch(network, 5, 2);
  const parameters = randomParameters(network, 1);
  const { gradients } = await lossGradients(network, parameters, batch, { hooks: [gate] });
  const into = gradients['fc1/kernel'];
  t.true(into.every((slope, i) => (i % 3 === 1 ? slope === 0 : true)) && into.some((slope) => slope !== 0));
});

test.serial('nothing is left on the backend', async (t) => {
  const network = convNet();
  const before = tf.memory().numTensors;
  await lossGradients(network, randomParameters(network, 1), randomBatch(network, 2, 3), { training: true });
  t.is(tf.memory().numTensors, before);
});

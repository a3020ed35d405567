import { defineNetwork, type Network, PrunebenchError, type State } from '@prunebench/core';
import * as layers from '@prunebench/core/layers';
import { forward } from '@prunebench/network';
import { convNet, mlp, outputs, randomBatch, randomParameters, relativeError, residualNet } from '@prunebench/testing';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';
import { factorise, foldGates, type Gates, insertUnits, shrink } from '../src/index.ts';

/** The outputs with gates on the outputs of layers, multiplied where the network computes them. */
function gated(network: Network, { parameters }: State, gates: Gates, x: Float32Array): Float32Array {
  return tf.tidy<Float32Array>(() => {
    const tensors = Object.entries(parameters).map(([name, { values, shape }]) => [
      name,
      tf.tensor(values, [...shape]),
    ]);
    const output = (layer: { readonly name: string }, y: tf.Tensor) =>
      gates[layer.name] ? tf.mul(y, tf.tensor1d(Array.from(gates[layer.name]))) : y;
    const images = tf.tensor(x, [x.length / network.inputShape.reduce((a, b) => a * b), ...network.inputShape]);
    return forward(network, Object.fromEntries(tensors), images, { hooks: [{ output }] }).dataSync<'float32'>();
  });
}

const sigmoids = mlp([5, 4, 3, 2], { activation: 'sigmoid' });
const normedInput = defineNetwork({
  name: 'normed',
  inputShape: [6, 6, 2],
  layers: layers.sequential([
    layers.conv2d('conv1', 3, 3),
    layers.activation('tanh', 'tanh'),
    layers.batchNorm('bn'),
    layers.flatten('flat'),
    layers.dense('fc', 2),
  ]),
});

test('gates folded into weights: forwards, backwards, through pooling and flatten, into a batch norm', (t) => {
  const cases: readonly (readonly [Network, Gates])[] = [
    [convNet(), { pool1: [0.5, 0, 2, 1], relu2: [1, 0, 0.25, 3, 1.5], fc1: [1, -2, 0, 1, 0.5, 1] }],
    [convNet(), { relu1: [0.5, 0, 2, 1], bn1: [-1, 2, 0, 1] }],
    [residualNet(), { bn2: [0, 2, 0.5, 1], relu1: [1, 0, 3, 0.5, 0.25] }],
    [sigmoids, { act1: [0.5, 0, -1, 2], act2: [1, 0, 3] }],
    [normedInput, { tanh: [0.5, 0, -2] }],
  ];
  for (const [network, gates] of cases) {
    const state = { parameters: randomParameters(network), masks: {} };
    const batch = randomBatch(network, 4);
    const folded = foldGates(network, state, gates);
    const expected = gated(network, state, gates, batch.x);
    t.true(relativeError(outputs(network, folded.parameters, batch), expected) < 1e-5);
    const shrunk = shrink(network, folded);
    t.true(relativeError(outputs(shrunk.network, shrunk.state.parameters, batch), expected) < 1e-5);
    t.notDeepEqual(shrunk.network, network, 'what a gate of 0 closes goes');
  }
});

test('gates that nothing can take are refused by layer', (t) => {
  const state = { parameters: randomParameters(residualNet()), masks: {} };
  const refused = (gates: Gates) =>
    t.throws(() => foldGates(residualNet(), state, gates), { instanceOf: PrunebenchError }).message;
  // No ReLU passes a negative factor, and behind this one stands the addition.
  t.regex(refused({ relu0: [-1, 2, 3, 4] }), /Gates of layer relu0 .* cannot be folded: on both sides/);
  t.regex(refused({ add: [1, -1, 1, 1] }), /Gates of layer add .* on both sides/);
  t.regex(refused({ fd: [1] }), /there is no such layer/);
  t.regex(refused({ conv1: [1, Number.NaN, 1, 1, 1] }), /not finite/);
});

test('inserted units change no bit of the outputs, whatever feeds them, and go again as what nobody reads', (t) => {
  for (const [network, layer, inputs] of [
    [convNet(), 'conv1', 18],
    [convNet(), 'conv2', 36],
    [convNet(), 'fc1', 20],
    [residualNet(), 'conv1', 36],
    [sigmoids, 'fc2', 4],
  ] as const) {
    const state = { parameters: randomParameters(network), masks: {} };
    const batch = randomBatch(network, 4);
    const incoming = Array.from({ length: 2 * inputs }, (_, i) => Math.sin(i));
    const grown = insertUnits(network, state, layer, { count: 2, incoming, bias: [0.5, -1] });
    t.true(
      relativeError(outputs(grown.network, grown.state.parameters, batch), outputs(network, state.parameters, batch)) <
        1e-6,
    );
    const { shape, values } = grown.state.parameters[`${layer}/kernel`];
    const units = shape.at(-1)!;
    t.is(units, state.parameters[`${layer}/kernel`].shape.at(-1)! + 2);
    const fed = Array.from(values).filter((_, i) => i % units >= units - 2);
    t.deepEqual(fed, incoming.map(Math.fround));
    t.deepEqual(Array.from(grown.state.parameters[`${layer}/bias`]?.values.slice(-2) ?? [0.5, -1]), [0.5, -1]);
    // What reads them is masked: then they go, and the network is what it was.
    const shrunk = shrink(grown.network, { ...grown.state, masks: unread(grown.network, grown.state) });
    t.deepEqual(shrunk.network, network);
    t.deepEqual(shrunk.state.parameters, state.parameters);
  }
});

/** Masks of the kernels whose weights are exactly 0: those that read what was inserted. */
function unread(_: Network, { parameters }: State) {
  const kernels = Object.entries(parameters).filter(([name]) => name.endsWith('/kernel'));
  return Object.fromEntries(
    kernels.map(([name, { values }]) => [name, Uint8Array.from(values, (w) => (w === 0 ? 0 : 1))]),
  );
}

test('units cannot come where others hold the places, or with weights that do not fit', (t) => {
  const network = residualNet();
  const state = { parameters: randomParameters(network), masks: {} };
  const units = { count: 1, incoming: new Float32Array(45) };
  for (const [layer, message] of [
    ['conv2', /holds their places/],
    ['fc', /holds their places/],
    ['relu0', /no convolution or dense layer/],
    ['conv1', /45 weights and 1 biases/],
  ] as const)
    t.throws(() => insertUnits(network, state, layer, units), { instanceOf: PrunebenchError, message });
});

test('a layer whose kernel is a product of two becomes two, with the same outputs and k (n + m) weights', (t) => {
  for (const [network, layer] of [
    [convNet(), 'conv1'],
    [convNet(), 'conv2'],
    [convNet(), 'fc1'],
    [residualNet(), 'conv2'],
    [sigmoids, 'fc1'],
  ] as const) {
    const parameters = randomParameters(network);
    const { shape } = parameters[`${layer}/kernel`];
    const units = shape.at(-1)!;
    const inputs = shape.slice(0, -1).reduce((a, b) => a * b);
    const rank = 2;
    const first = Float32Array.from({ length: inputs * rank }, (_, i) => Math.sin(i + 1));
    const second = Float32Array.from({ length: rank * units }, (_, i) => Math.cos(i));
    const product = new Float32Array(inputs * units);
    for (let i = 0; i < inputs; i++)
      for (let u = 0; u < units; u++)
        for (let k = 0; k < rank; k++) product[i * units + u] += first[i * rank + k] * second[k * units + u];
    const whole = { ...parameters, [`${layer}/kernel`]: { shape, values: product } };
    const batch = randomBatch(network, 3);
    const cut = factorise(network, { parameters, masks: {} }, layer, { rank, first, second });
    const error = relativeError(outputs(cut.network, cut.state.parameters, batch), outputs(network, whole, batch));
    t.true(error < 1e-5, `${layer}: ${error}`);
    const sizes = [`${layer}-basis/kernel`, `${layer}/kernel`].map((name) => cut.state.parameters[name].values.length);
    t.is(sizes[0] + sizes[1], rank * (inputs + units));
  }
  t.throws(
    () =>
      factorise(sigmoids, { parameters: randomParameters(sigmoids), masks: {} }, 'fc1', {
        rank: 2,
        first: [1],
        second: [],
      }),
    { instanceOf: PrunebenchError, message: /\[5, 2\] and \[2, 4\]/ },
  );
});

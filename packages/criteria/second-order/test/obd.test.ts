import { defineNetwork, INPUT, type Layer, type Network } from '@prunebench/core';
import {
  convNet,
  kernels,
  mlp,
  randomBatch,
  randomParameters,
  relativeError,
  residualNet,
  score,
  subjectOf,
} from '@prunebench/testing';
import test from 'ava';
import { obd } from '../src/index.ts';
import { diagonalCurvature } from '../src/obd.ts';
import { gaussNewton, kernelEntries } from './gauss-newton-reference.ts';
import { differences, exampleLosses, float64 } from './reference-network.ts';

type Curvature = 'levenberg-marquardt' | 'full' | 'gauss-newton';

function subject(network: Network, size = 12) {
  return subjectOf(network, randomParameters(network), { batches: [randomBatch(network, size)] });
}

async function meanCurvature(curvature: Curvature, of: ReturnType<typeof subject>) {
  const { sums, count } = await diagonalCurvature(of, { samples: 1000, curvature });
  return Object.fromEntries(Object.entries(sums).map(([name, values]) => [name, values.map((value) => value / count)]));
}

/** The true second derivative of the mean loss for every weight of a kernel. */
function trueCurvature({ network, parameters, batches }: ReturnType<typeof subject>, name: string): number[] {
  const values = float64(parameters);
  const [batch] = batches({ batchSize: 1000 });
  return Array.from(values[name], (_, i) => {
    const { second } = differences(values, name, i, () => exampleLosses(network, values, batch));
    return second.reduce((sum, value) => sum + value, 0) / batch.size;
  });
}

const squaredError = (network: Network): Network => ({ ...network, loss: 'squared-error' });
const allCurvatures = ['levenberg-marquardt', 'full', 'gauss-newton'] as const;

test('a chain of two tanh units: full and Levenberg-Marquardt values by hand', async (t) => {
  // x = 0.5, w1 = 0.8, w2 = -1.2, y = tanh(w2 tanh(w1 x)), E = y²/2: h and f' below are of E and tanh, by the chain rule.
  const network = squaredError(
    defineNetwork({
      name: 'chain',
      inputShape: [1],
      layers: [
        { kind: 'dense', name: 'fc1', inputs: [INPUT], units: 1, useBias: false },
        { kind: 'activation', name: 'act1', inputs: ['fc1'], activation: 'tanh' },
        { kind: 'dense', name: 'fc2', inputs: ['act1'], units: 1, useBias: false },
        { kind: 'activation', name: 'act2', inputs: ['fc2'], activation: 'tanh' },
      ],
    }),
  );
  const chain = subjectOf(network, kernels(network, { fc1: [0.8], fc2: [-1.2] }), {
    batches: [{ x: Float32Array.of(0.5), y: Int32Array.of(0), size: 1 }],
  });
  const z1 = Math.tanh(0.4);
  const y = Math.tanh(-1.2 * z1);
  const slope2 = 1 - y * y;
  const bend2 = -2 * y * slope2;
  const slope1 = 1 - z1 * z1;
  const bend1 = -2 * z1 * slope1;
  const full2 = slope2 ** 2 + bend2 * y;
  const full1 = slope1 ** 2 * 1.44 * full2 + bend1 * -1.2 * slope2 * y;
  const full = await meanCurvature('full', chain);
  t.true(relativeError([...full['fc1/kernel'], ...full['fc2/kernel']], [full1 * 0.25, full2 * z1 ** 2]) < 1e-6);
  const lm = await meanCurvature('levenberg-marquardt', chain);
  t.true(
    relativeError(
      [...lm['fc1/kernel'], ...lm['fc2/kernel']],
      [(slope1 * 1.2 * slope2 * 0.5) ** 2, (slope2 * z1) ** 2],
    ) < 1e-6,
  );
});

for (const activation of ['tanh', 'sigmoid', 'relu'] as const)
  for (const loss of ['cross-entropy', 'squared-error'] as const)
    test(`the last layer is exact in every form: ${activation}, ${loss}`, async (t) => {
      const plain = mlp([4, 5, 3], { activation });
      const last = subject(loss === 'squared-error' ? squaredError(plain) : plain);
      const expected = trueCurvature(last, 'fc2/kernel');
      for (const curvature of allCurvatures)
        t.true(relativeError((await meanCurvature(curvature, last))['fc2/kernel'], expected) < 1e-5, curvature);
    });

for (const activation of ['tanh', 'sigmoid'] as const)
  test(`one hidden ${activation} layer and squared error: full is the true second derivative, Levenberg-Marquardt the Gauss-Newton diagonal`, async (t) => {
    const net = subject(squaredError(mlp([4, 5, 3], { activation })));
    const full = await meanCurvature('full', net);
    t.true(relativeError(full['fc1/kernel'], trueCurvature(net, 'fc1/kernel')) < 1e-5);
    const entries = kernelEntries(net.network);
    const [batch] = net.batches({ batchSize: 1000 });
    const reference = gaussNewton(net.network, float64(net.parameters), batch, entries).map((row, i) => row[i]);
    const lm = await meanCurvature('levenberg-marquardt', net);
    t.true(relativeError([...lm['fc1/kernel'], ...lm['fc2/kernel']], reference) < 1e-5);
    t.true(relativeError(full['fc1/kernel'], lm['fc1/kernel']) > 1e-2, 'the two forms differ');
  });

test('a sigmoid output unit under squared error: the f″ term of the output layer counts', async (t) => {
  const layers: Layer[] = [
    { kind: 'dense', name: 'fc1', inputs: [INPUT], units: 3, useBias: true },
    { kind: 'activation', name: 'act1', inputs: ['fc1'], activation: 'sigmoid' },
    { kind: 'dense', name: 'fc2', inputs: ['act1'], units: 1, useBias: true },
    { kind: 'activation', name: 'act2', inputs: ['fc2'], activation: 'sigmoid' },
  ];
  const net = subject(defineNetwork({ name: 'monk', inputShape: [5], layers, loss: 'squared-error' }));
  const full = await meanCurvature('full', net);
  for (const name of ['fc1/kernel', 'fc2/kernel'])
    t.true(relativeError(full[name], trueCurvature(net, name)) < 1e-5, name);
});

for (const network of [convNet(), residualNet(), squaredError(convNet())])
  test(`gauss-newton is the diagonal of JᵀΛJ: ${network.name}, ${network.loss ?? 'cross-entropy'}`, async (t) => {
    const net = subject(network, 3);
    const entries = kernelEntries(network);
    const all = await meanCurvature('gauss-newton', net);
    const [batch] = net.batches({ batchSize: 1000 });
    // Every 7th weight: the reference takes two passes each.
    const some = entries.filter((_, i) => i % 7 === 0);
    const reference = gaussNewton(network, float64(net.parameters), batch, some).map((row, i) => row[i]);
    t.true(
      relativeError(
        some.map(({ name, index }) => all[name][index]),
        reference,
      ) < 1e-4,
    );
  });

test('a piecewise linear network: the Gauss-Newton diagonal is the true second derivative', async (t) => {
  const net = subject(convNet(), 2);
  const all = await meanCurvature('gauss-newton', net);
  t.true(relativeError(all['fc1/kernel'], trueCurvature(net, 'fc1/kernel')) < 1e-4);
});

/** An image -> convolution -> (layers) -> one linear output per value, half squared error. */
function tail(layers: readonly Layer[], inputShape = [5, 5, 2]): Network {
  return squaredError(
    defineNetwork({
      name: 'tail',
      inputShape,
      layers: [
        {
          kind: 'conv2d',
          name: 'conv',
          inputs: [INPUT],
          filters: 4,
          kernelSize: [3, 3],
          strides: [2, 1],
          dilation: [1, 1],
          padding: 'same',
          groups: 2,
          useBias: true,
        },
        ...layers,
      ],
    }),
  );
}

const flatten = (input: string): Layer => ({ kind: 'flatten', name: 'flatten', inputs: [input] });

test('convolution (grouped, strided, padded) as last layer: the sum over positions is exact', async (t) => {
  const net = subject(tail([flatten('conv')]), 4);
  const expected = trueCurvature(net, 'conv/kernel');
  for (const curvature of allCurvatures)
    t.true(relativeError((await meanCurvature(curvature, net))['conv/kernel'], expected) < 1e-4, curvature);
});

test('batch norm and tanh behind it are exact as well: affine and elementwise', async (t) => {
  const net = subject(
    tail([
      { kind: 'batchNorm', name: 'bn', inputs: ['conv'], epsilon: 1e-3, momentum: 0.9 },
      { kind: 'activation', name: 'act', inputs: ['bn'], activation: 'tanh' },
      flatten('act'),
    ]),
    4,
  );
  t.true(relativeError((await meanCurvature('full', net))['conv/kernel'], trueCurvature(net, 'conv/kernel')) < 1e-4);
});

test('max pooling routes curvature to the winner', async (t) => {
  const net = subject(
    tail([
      { kind: 'maxPool', name: 'pool', inputs: ['conv'], size: [3, 1], strides: [3, 1], padding: 'valid' },
      flatten('pool'),
    ]),
    4,
  );
  t.true(relativeError((await meanCurvature('full', net))['conv/kernel'], trueCurvature(net, 'conv/kernel')) < 1e-4);
});

for (const padding of ['valid', 'same'] as const)
  test(`average pooling (${padding}) weighs curvature by 1/count², checked by hand`, async (t) => {
    // A 1x1 convolution of one channel with weight w on a constant image of 1s: a = w everywhere, and each pooled output
    // is w too. The recursion drops the cross terms inside a window, so each output adds count · (1/count)² = 1/count.
    const network = squaredError(
      defineNetwork({
        name: 'average',
        inputShape: [3, 3, 1],
        layers: [
          {
            kind: 'conv2d',
            name: 'conv',
            inputs: [INPUT],
            filters: 1,
            kernelSize: [1, 1],
            strides: [1, 1],
            dilation: [1, 1],
            padding: 'valid',
            groups: 1,
            useBias: false,
          },
          { kind: 'avgPool', name: 'pool', inputs: ['conv'], size: [2, 2], strides: [2, 2], padding },
          flatten('pool'),
        ],
      }),
    );
    const net = subjectOf(network, kernels(network, { conv: [0.7] }), {
      batches: [{ x: new Float32Array(9).fill(1), y: Int32Array.of(0), size: 1 }],
    });
    const counts = padding === 'valid' ? [4] : [4, 2, 2, 1];
    const expected = counts.reduce((sum, count) => sum + 1 / count, 0);
    for (const curvature of ['full', 'levenberg-marquardt'] as const)
      t.true(relativeError((await meanCurvature(curvature, net))['conv/kernel'], [expected]) < 1e-6, curvature);
  });

test('a residual sum adds the curvature of its branches', async (t) => {
  // y = w x + w x through two branches of the same tensor: the recursion gives h = 1 + 1 where the truth is 4 (cross terms).
  const network = squaredError(
    defineNetwork({
      name: 'branches',
      inputShape: [1],
      layers: [
        { kind: 'dense', name: 'fc', inputs: [INPUT], units: 1, useBias: false },
        { kind: 'activation', name: 'up', inputs: ['fc'], activation: 'relu' },
        { kind: 'add', name: 'add', inputs: ['fc', 'up'] },
      ],
    }),
  );
  const net = subjectOf(network, kernels(network, { fc: [2] }), {
    batches: [{ x: Float32Array.of(3), y: Int32Array.of(0), size: 1 }],
  });
  t.is((await meanCurvature('levenberg-marquardt', net))['fc/kernel'][0], 2 * 9);
  t.is((await meanCurvature('gauss-newton', net))['fc/kernel'][0], 4 * 9);
});

test('Levenberg-Marquardt is never negative below several wide layers; full may be, and scores then count it as 0', async (t) => {
  const net = subject(mlp([3, 4, 4, 2], { activation: 'tanh' }));
  const lm = await meanCurvature('levenberg-marquardt', net);
  t.true(Object.values(lm).every((values) => values.every((value) => value >= 0)));
  const full = await meanCurvature('full', net);
  const negative = full['fc1/kernel'].findIndex((value) => value < 0);
  t.true(negative >= 0);
  const scores = await score(obd, net, { samples: 1000, curvature: 'full' });
  t.is(scores['fc1/kernel'][negative], 0);
});

test('least squares with orthogonal inputs: the score is the exact increase of the loss', async (t) => {
  const network = squaredError(
    defineNetwork({
      name: 'linear',
      inputShape: [4],
      layers: [{ kind: 'dense', name: 'fc', inputs: [INPUT], units: 3, useBias: false }],
    }),
  );
  // Rows of a Hadamard matrix as examples; the minimum of the squared error for labels in 3 classes.
  const x = [1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1];
  const y = [0, 1, 2, 1];
  const fitted = Array.from({ length: 12 }, (_, i) =>
    y.reduce((sum, label, k) => sum + (x[k * 4 + Math.floor(i / 3)] * (label === i % 3 ? 1 : 0)) / 4, 0),
  );
  const batch = { x: Float32Array.from(x), y: Int32Array.from(y), size: 4 };
  const net = subjectOf(network, kernels(network, { fc: fitted }), { batches: [batch] });
  const scores = await score(obd, net, obd.options.parse({}));
  const mean = (weights: readonly number[]) =>
    exampleLosses(network, { 'fc/kernel': Float64Array.from(weights) }, batch).reduce((sum, loss) => sum + loss, 0) / 4;
  const increases = fitted.map((_, q) => mean(fitted.map((w, i) => (i === q ? 0 : w))) - mean(fitted));
  t.true(relativeError(scores['fc/kernel'], increases) < 1e-6);
});

test('pruned weights score 0, and the others are scored without them', async (t) => {
  const network = mlp([3, 3, 2]);
  const masks = { 'fc1/kernel': Uint8Array.of(0, 1, 1, 1, 1, 1, 1, 1, 0) };
  const parameters = randomParameters(network);
  const batches = [randomBatch(network, 8)];
  const masked = await score(obd, subjectOf(network, parameters, { masks, batches }), obd.options.parse({}));
  const zeroed = parameters['fc1/kernel'].values.map((w, i) => (masks['fc1/kernel'][i] === 0 ? 0 : w));
  const plain = { ...parameters, 'fc1/kernel': { shape: [3, 3], values: zeroed } };
  t.deepEqual(masked, await score(obd, subjectOf(network, plain, { batches }), obd.options.parse({})));
  t.is(masked['fc1/kernel'][0], 0);
});

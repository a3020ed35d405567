import {
  defineNetwork,
  type Network,
  type ParameterArray,
  type ParameterRecord,
  select,
  unitMasks,
} from '@prunebench/core';
import {
  convNet,
  kernels,
  mlp,
  outputs,
  randomBatch,
  randomParameters,
  relativeError,
  score,
  subjectOf,
  withValues,
} from '@prunebench/testing';
import test from 'ava';
import { filterNorm } from '../src/index.ts';

const network = convNet();
const parameters = randomParameters(network);
const batch = randomBatch(network, 5);

test('L1 and L2 norm of hand-made units', async (t) => {
  const dense = mlp([2, 2, 1]);
  const subject = subjectOf(dense, kernels(dense, { fc1: [3, 1, -4, 0], fc2: [1, 1] }));
  t.deepEqual([...(await score(filterNorm, subject))['fc1/kernel']], [7, 1]);
  t.deepEqual([...(await score(filterNorm, subject, { order: 2 }))['fc1/kernel']], [5, 1]);
});

test('permuting filters, with their batch norm and the channels that read them, permutes the scores and nothing else', async (t) => {
  const order = [2, 0, 3, 1];
  const permuted = permuteFilters(order);
  t.true(relativeError(outputs(network, permuted, batch), outputs(network, parameters, batch)) < 1e-5);
  for (const options of [{}, { order: 2 }, { foldBatchNorm: true }]) {
    const before = (await score(filterNorm, subjectOf(network, parameters), options))['conv1/kernel'];
    const after = (await score(filterNorm, subjectOf(network, permuted), options))['conv1/kernel'];
    t.true(
      relativeError(
        after,
        order.map((from) => before[from]),
      ) < 1e-6,
    );
  }
});

test('within a layer the order is that of the mean absolute weight', async (t) => {
  const scores = (await score(filterNorm, subjectOf(network, parameters)))['conv2/kernel'];
  const { values } = parameters['conv2/kernel'];
  const means = Array.from(scores, (_, j) => {
    const filter = values.filter((_, flat) => flat % 5 === j);
    return filter.reduce((sum, w) => sum + Math.abs(w), 0) / filter.length;
  });
  const ranking = (of: ArrayLike<number>) => [0, 1, 2, 3, 4].sort((a, b) => of[a] - of[b]);
  t.deepEqual(ranking(scores), ranking(means));
});

test('the folded norm is the plain norm of the network whose batch norm is folded into the kernel', async (t) => {
  const folded = foldBatchNorm();
  t.true(relativeError(outputs(folded.network, folded.parameters, batch), outputs(network, parameters, batch)) < 1e-5);
  for (const order of [1, 2]) {
    const ours = await score(filterNorm, subjectOf(network, parameters), { order, foldBatchNorm: true });
    const plain = await score(filterNorm, subjectOf(folded.network, folded.parameters), { order });
    t.true(relativeError(ours['conv1/kernel'], plain['conv1/kernel']) < 1e-5);
    t.true(relativeError(ours['conv2/kernel'], plain['conv2/kernel']) < 1e-6);
  }
});

test('greedy leaves out input channels that are gone, independent does not', async (t) => {
  const dense = mlp([1, 2, 2, 1]);
  // Nearly all of the second layer's first unit reads the first layer's unit 0.
  const values = kernels(dense, { fc1: [0.1, 1], fc2: [9, 1, 1, 2], fc3: [1, 1] });
  const masks = unitMasks(dense, 'fc1/kernel', Uint8Array.of(0, 1));
  const subject = subjectOf(dense, values, { masks });
  t.deepEqual([...(await score(filterNorm, subject))['fc2/kernel']], [10, 3]);
  t.deepEqual([...(await score(filterNorm, subject, { greedy: true }))['fc2/kernel']], [1, 2]);
});

test('zeroing the filters with the smallest norm gives the logits of the network built without them', async (t) => {
  const scores = await score(filterNorm, subjectOf(network, parameters));
  const masks = select(network, scores, {
    sparsity: 0.4,
    scope: 'layerwise',
    allocation: 'uniform',
    granularity: 'unit',
    allowLayerCollapse: false,
  });
  const zeroed = withValues(
    parameters,
    Object.fromEntries(
      Object.entries(masks).map(([name, mask]) => [name, parameters[name].values.map((value, i) => value * mask[i])]),
    ),
  );
  const keptFilters = (name: string, units: number) =>
    Array.from({ length: units }, (_, unit) => unit).filter((unit) =>
      masks[name].some((bit, i) => bit && i % units === unit),
    );
  const kept = {
    conv1: keptFilters('conv1/kernel', 4),
    conv2: keptFilters('conv2/kernel', 5),
    fc1: keptFilters('fc1/kernel', 6),
  };
  t.deepEqual(
    [kept.conv1.length, kept.conv2.length, kept.fc1.length].reduce((a, b) => a + b),
    9,
  );
  const smaller = sliced(kept);
  t.true(relativeError(outputs(smaller.network, smaller.parameters, batch), outputs(network, zeroed, batch)) < 1e-5);
});

test('removing a silent filter changes no logit; behind a batch norm it sends a constant, and removal takes that away', (t) => {
  const silence = (layer: string, units: number, unit: number) =>
    withValues(parameters, {
      [`${layer}/kernel`]: parameters[`${layer}/kernel`].values.map((w, flat) => (flat % units === unit ? 0 : w)),
      [`${layer}/bias`]: parameters[`${layer}/bias`].values.map((b, i) => (i === unit ? 0 : b)),
    });
  const remove = (from: ParameterRecord, layer: string, units: number, unit: number) => {
    const masks = unitMasks(network, `${layer}/kernel`, new Uint8Array(units).fill(1).fill(0, unit, unit + 1));
    return withValues(
      from,
      Object.fromEntries(
        Object.entries(masks).map(([name, mask]) => [name, from[name].values.map((v, i) => v * mask[i])]),
      ),
    );
  };
  const silent = silence('conv2', 5, 3);
  t.deepEqual(outputs(network, remove(silent, 'conv2', 5, 3), batch), outputs(network, silent, batch));

  const unit = 1;
  const at = (name: string) => parameters[`bn1/${name}`].values;
  const beta = at('beta').map((b, i) => (i === unit ? 1 : b));
  const constantFilter = withValues(silence('conv1', 4, unit), { 'bn1/beta': beta });
  const kappa = Math.max(
    0,
    1 - (at('gamma')[unit] * at('movingMean')[unit]) / Math.sqrt(at('movingVariance')[unit] + 1e-3),
  );
  // conv2 is `valid`, so every output pixel sees the constant under all of its kernel.
  const sent = new Float64Array(5);
  parameters['conv2/kernel'].values.forEach((w, flat) => {
    if (Math.floor(flat / 5) % 4 === unit) sent[flat % 5] += kappa * w;
  });
  const removed = remove(constantFilter, 'conv1', 4, unit);
  const compensated = withValues(removed, { 'conv2/bias': parameters['conv2/bias'].values.map((b, j) => b + sent[j]) });
  t.true(kappa > 0.1);
  t.true(relativeError(outputs(network, compensated, batch), outputs(network, constantFilter, batch)) < 1e-5);
  t.true(relativeError(outputs(network, removed, batch), outputs(network, constantFilter, batch)) > 1e-3);
});

/** Picks entries along one axis. */
function take({ shape, values }: ParameterArray, axis: number, indices: readonly number[]): ParameterArray {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const outer = shape.slice(0, axis).reduce((a, b) => a * b, 1);
  const picked: number[] = [];
  for (let o = 0; o < outer; o++)
    for (const index of indices)
      for (let i = 0; i < inner; i++) picked.push(values[(o * shape[axis] + index) * inner + i]);
  return { shape: shape.map((size, a) => (a === axis ? indices.length : size)), values: Float32Array.from(picked) };
}

function permuteFilters(order: readonly number[]): ParameterRecord {
  const filters = ['conv1/kernel', 'conv1/bias', 'bn1/gamma', 'bn1/beta', 'bn1/movingMean', 'bn1/movingVariance'];
  const moved = filters.map((name) => [name, take(parameters[name], parameters[name].shape.length - 1, order)]);
  return { ...parameters, ...Object.fromEntries(moved), 'conv2/kernel': take(parameters['conv2/kernel'], 2, order) };
}

/** The network without the filters that are not listed. */
function sliced(kept: Readonly<Record<'conv1' | 'conv2' | 'fc1', readonly number[]>>): {
  network: Network;
  parameters: ParameterRecord;
} {
  const features = [0, 1, 2, 3].flatMap((position) => kept.conv2.map((c) => position * 5 + c));
  const of = (name: string) => parameters[name];
  const small = Object.fromEntries(
    ['gamma', 'beta', 'movingMean', 'movingVariance'].map((role) => [
      `bn1/${role}`,
      take(of(`bn1/${role}`), 0, kept.conv1),
    ]),
  );
  return {
    network: defineNetwork({
      ...network,
      layers: network.layers.map((layer) => {
        if (layer.kind === 'conv2d') return { ...layer, filters: kept[layer.name as 'conv1' | 'conv2'].length };
        return layer.kind === 'dense' && layer.name === 'fc1' ? { ...layer, units: kept.fc1.length } : layer;
      }),
    }),
    parameters: {
      ...parameters,
      ...small,
      'conv1/kernel': take(of('conv1/kernel'), 3, kept.conv1),
      'conv1/bias': take(of('conv1/bias'), 0, kept.conv1),
      'conv2/kernel': take(take(of('conv2/kernel'), 2, kept.conv1), 3, kept.conv2),
      'conv2/bias': take(of('conv2/bias'), 0, kept.conv2),
      'fc1/kernel': take(take(of('fc1/kernel'), 0, features), 1, kept.fc1),
      'fc1/bias': take(of('fc1/bias'), 0, kept.fc1),
      'fc2/kernel': take(of('fc2/kernel'), 0, kept.fc1),
    },
  };
}

/** The same function without bn1: its scale in conv1's kernel, its shift in conv1's bias. */
function foldBatchNorm(): { network: Network; parameters: ParameterRecord } {
  const at = (name: string) => parameters[`bn1/${name}`].values;
  const scale = at('gamma').map((gamma, i) => gamma / Math.sqrt(at('movingVariance')[i] + 1e-3));
  const bias = parameters['conv1/bias'].values;
  const layers = network.layers.filter(({ name }) => name !== 'bn1');
  return {
    network: defineNetwork({
      ...network,
      layers: layers.map((layer) => (layer.name === 'relu1' ? { ...layer, inputs: ['conv1'] } : layer)),
    }),
    parameters: withValues(parameters, {
      'conv1/kernel': parameters['conv1/kernel'].values.map((w, flat) => w * scale[flat % 4]),
      'conv1/bias': bias.map((b, i) => at('beta')[i] + (b - at('movingMean')[i]) * scale[i]),
    }),
  };
}

import {
  applyMasks,
  defineNetwork,
  INPUT,
  type Masks,
  type Network,
  type ParameterRecord,
  type Scores,
  select,
} from '@prunebench/core';
import {
  closeTo,
  convNet,
  kernels,
  mlp,
  outputs,
  randomBatch,
  randomParameters,
  relativeError,
  score,
  subjectOf,
} from '@prunebench/testing';
import { bestMove, gram, inverse, type Rows } from '@prunebench/testing/dense-matrices';
import test from 'ava';
import { lObs, obc, obs } from '../src/index.ts';
import { examples, float64, referenceInput } from './reference-network.ts';

const layerwise = { scope: 'layerwise', allowLayerCollapse: true } as const;
const exact = (options: Record<string, unknown> = {}) => obc.options.parse({ relativeDamping: 1e-9, ...options });
const fixed = (options: Record<string, unknown> = {}) => lObs.options.parse({ relativeDamping: 1e-9, ...options });

const network = mlp([6, 5, 4], { activation: 'tanh' });
const parameters = randomParameters(network);
const batch = randomBatch(network, 60);
const subject = subjectOf(network, parameters, { batches: [batch] });

/** Inputs of a dense layer with the bias's 1, from the float64 reference. */
function layerInputs(name: string): Rows {
  return examples(network, batch).map(({ x }) => [...referenceInput(network, float64(parameters), x, name), 1]);
}

/** One unit's weights with its bias. */
function unitOf(record: ParameterRecord, name: string, unit: number): number[] {
  const { shape, values } = record[`${name}/kernel`];
  return [
    ...Array.from({ length: shape[0] }, (_, p) => values[p * shape[1] + unit]),
    record[`${name}/bias`].values[unit],
  ];
}

/** Mean squared change of all layer outputs, each computed from the unpruned layer inputs. */
function layerError(after: ParameterRecord, name: string): number {
  const y = layerInputs(name);
  const units = parameters[`${name}/bias`].values.length;
  let sum = 0;
  for (let u = 0; u < units; u++) {
    const change = unitOf(after, name, u).map((w, i) => w - unitOf(parameters, name, u)[i]);
    for (const row of y) sum += row.reduce((total, value, i) => total + value * change[i], 0) ** 2;
  }
  return sum / y.length;
}

test('obc: the scores of a unit are the greedy losses of its own least-squares problem', async (t) => {
  const scores = await score(obc, subject, exact());
  for (const [name, inputs, units] of [
    ['fc1', 6, 5],
    ['fc2', 5, 4],
  ] as const) {
    const hessian = gram(layerInputs(name), 30, 0); // 2/N with N = 60
    for (let u = 0; u < units; u++) {
      const start = unitOf(parameters, name, u);
      const gone: number[] = [];
      let total = 0;
      let highest = 0;
      while (gone.length < inputs) {
        const left = Array.from({ length: inputs }, (_, p) => p).filter((p) => !gone.includes(p));
        const totals = left.map((p) => bestMove(hessian, start, [...gone, p]).loss);
        const best = totals.indexOf(Math.min(...totals));
        highest = Math.max(highest, totals[best] - total);
        total = totals[best];
        gone.push(left[best]);
        closeTo(t, scores[`${name}/kernel`][left[best] * units + u] / highest, 1, 1e-4);
      }
    }
  }
});

test('obc: the compensated weights are the least-squares refit on the kept inputs, for any mask', async (t) => {
  const masks: Masks = { 'fc1/kernel': Uint8Array.from({ length: 30 }, (_, i) => ((i * 7) % 3 === 0 ? 0 : 1)) };
  const after = await obc.compensate!(subject, masks, exact());
  const hessian = gram(layerInputs('fc1'), 30, 0);
  for (let u = 0; u < 5; u++) {
    const start = unitOf(parameters, 'fc1', u);
    const removed = start.flatMap((_, p) => (p < 6 && masks['fc1/kernel'][p * 5 + u] === 0 ? [p] : []));
    const { move } = bestMove(hessian, start, removed);
    const expected = start.map((w, i) => (removed.includes(i) ? 0 : w + move[i]));
    t.true(relativeError(unitOf(after, 'fc1', u), expected) < 1e-4);
  }
  t.deepEqual(after['fc2/kernel'].values, parameters['fc2/kernel'].values);
});

test('obc: the error of the pruned layer is the sum of the losses along the trace', async (t) => {
  const scores = await score(obc, subject, exact());
  for (const k of [1, 2, 3]) {
    const masks: Masks = { ...select(network, scores, { sparsity: k / 6, ...layerwise, allocation: 'uniform' }) };
    const after = await obc.compensate!(subject, masks, exact());
    const removed = masks['fc1/kernel'];
    const sum = Array.from(scores['fc1/kernel']).reduce(
      (total, score, i) => (removed[i] === 0 ? total + score : total),
      0,
    );
    // Scores are running maxima: never less than the true sum, and equal to it while losses rise.
    const error = layerError(after, 'fc1');
    t.true(error <= sum * (1 + 1e-5));
    if (k === 1) closeTo(t, error / sum, 1, 1e-4);
  }
});

test('l-obs, fixed: ½ θ² / [Ψ⁻¹]_qq, half the exact increase of the mean squared error by one removal per unit', async (t) => {
  const scores = await score(lObs, subject, fixed());
  const inverted = inverse(gram(layerInputs('fc2'), 60, 0));
  const expected = Array.from(
    parameters['fc2/kernel'].values,
    (w, i) => w ** 2 / (2 * inverted[Math.floor(i / 4)][Math.floor(i / 4)]),
  );
  t.true(relativeError(scores['fc2/kernel'], expected) < 1e-4);

  // The cheapest weight of each unit: units do not interact, so the errors add up.
  const mask = new Uint8Array(20).fill(1);
  for (let u = 0; u < 4; u++)
    mask[[0, 1, 2, 3, 4].map((p) => p * 4 + u).sort((a, b) => expected[a] - expected[b])[0]] = 0;
  const after = await lObs.compensate!(subject, { 'fc2/kernel': mask }, fixed());
  const sum = expected.reduce((total, loss, i) => (mask[i] === 0 ? total + loss : total), 0);
  closeTo(t, layerError(after, 'fc2') / (2 * sum), 1, 1e-4);
});

test('l-obs, fixed: several removals in a unit follow the fixed inverse and are cut back; downdate is the refit of obc', async (t) => {
  const masks = { 'fc1/kernel': Uint8Array.from({ length: 30 }, (_, i) => i % 2) };
  const inverted = inverse(gram(layerInputs('fc1'), 60, 0));
  const after = await lObs.compensate!(subject, masks, fixed());
  for (let u = 0; u < 5; u++) {
    const w = unitOf(parameters, 'fc1', u);
    const gone = [0, 1, 2, 3, 4, 5].filter((p) => masks['fc1/kernel'][p * 5 + u] === 0);
    for (const q of gone.sort(
      (a, b) =>
        unitOf(parameters, 'fc1', u)[a] ** 2 / inverted[a][a] - unitOf(parameters, 'fc1', u)[b] ** 2 / inverted[b][b],
    )) {
      const step = w[q] / inverted[q][q];
      for (let i = 0; i < w.length; i++) w[i] -= step * inverted[i][q];
    }
    t.true(
      relativeError(
        unitOf(after, 'fc1', u),
        w.map((value, p) => (gone.includes(p) ? 0 : value)),
      ) < 1e-4,
    );
  }
  const downdated = await lObs.compensate!(subject, masks, fixed({ sequential: 'downdate' }));
  const refit = await obc.compensate!(subject, masks, exact());
  t.true(relativeError(downdated['fc1/kernel'].values, refit['fc1/kernel'].values) < 1e-5);
  t.true(layerError(refit, 'fc1') < layerError(after, 'fc1'));
});

test('l-obs downdate on one linear layer with squared error is obs: same order', async (t) => {
  const linear: Network = { ...mlp([6, 1]), loss: 'squared-error' };
  const one = subjectOf(linear, randomParameters(linear), { batches: [randomBatch(linear, 40)] });
  const full = await score(obs, one, obs.options.parse({ damping: 1e-8 }));
  const layer = await score(lObs, one, fixed({ sequential: 'downdate' }));
  t.true(relativeError(layer['fc1/kernel'], full['fc1/kernel']) < 1e-4);
});

test('white inputs: both rank by magnitude, and removal moves no other weight', async (t) => {
  const linear = defineNetwork({
    name: 'white',
    inputShape: [4],
    layers: [{ kind: 'dense', name: 'fc', inputs: [INPUT], units: 2, useBias: false }],
  });
  // Columns of a Hadamard matrix: YᵀY = 4 I.
  const x = Float32Array.from([1, 1, 1, 1, 1, -1, 1, -1, 1, 1, -1, -1, 1, -1, -1, 1]);
  const weights = [0.3, -0.8, 0.5, 0.1, -0.2, 0.9, 0.7, -0.4];
  const white = subjectOf(linear, kernels(linear, { fc: weights }), {
    batches: [{ x, y: new Int32Array(4), size: 4 }],
  });
  const order = (scores: Scores) =>
    [...scores['fc/kernel'].keys()].sort((a, b) => scores['fc/kernel'][a] - scores['fc/kernel'][b]);
  const magnitude = [...weights.keys()].sort((a, b) => Math.abs(weights[a]) - Math.abs(weights[b]));
  const masks = { 'fc/kernel': Uint8Array.of(0, 1, 1, 0, 1, 1, 1, 0) };
  for (const [criterion, options] of [
    [obc, exact()],
    [lObs, fixed()],
    [lObs, fixed({ sequential: 'downdate' })],
  ] as const) {
    t.deepEqual(order(await score(criterion, white, options)), magnitude);
    const after = await criterion.compensate!(white, masks, options);
    t.true(relativeError(after['fc/kernel'].values, applyMasks(white.parameters, masks)['fc/kernel'].values) < 1e-6);
  }
});

test("the error of the whole network stays below the bound by the layers' errors (1-Lipschitz activations)", async (t) => {
  for (let seed = 1; seed <= 5; seed++) {
    const net = mlp([5, 6, 4], { activation: 'relu' });
    const start = randomParameters(net, seed);
    const data = randomBatch(net, 50, seed);
    const of = subjectOf(net, start, { batches: [data] });
    for (const sparsity of [0.3, 0.7]) {
      const masks = select(net, await score(lObs, of, fixed()), { sparsity, ...layerwise });
      const after = await lObs.compensate!(of, masks, fixed());
      const errors = ['fc1', 'fc2'].map((name) => rootMeanSquare(of, start, after, name, data));
      const change = outputs(net, after, data).map((value, i) => value - outputs(net, start, data)[i]);
      const whole = Math.sqrt(change.reduce((sum, value) => sum + value * value, 0) / data.size);
      const norm = Math.hypot(...after['fc2/kernel'].values);
      t.true(whole <= (norm * errors[0] + errors[1]) * (1 + 1e-5));
    }
  }
});

/** √ of the mean squared change of one layer's output on its unpruned inputs. */
function rootMeanSquare(
  { network: net }: typeof subject,
  before: ParameterRecord,
  after: ParameterRecord,
  name: string,
  data: typeof batch,
): number {
  let sum = 0;
  for (const { x } of examples(net, data)) {
    const y = [...referenceInput(net, float64(before), x, name), 1];
    for (let u = 0; u < before[`${name}/bias`].values.length; u++) {
      const [a, b] = [unitOf(before, name, u), unitOf(after, name, u)];
      sum += y.reduce((total, value, i) => total + value * (b[i] - a[i]), 0) ** 2;
    }
  }
  return Math.sqrt(sum / data.size);
}

test('weights from inputs that are always 0 go first, cost nothing and disturb nothing', async (t) => {
  const dead = { ...batch, x: batch.x.map((value, i) => (i % 6 === 2 || i % 6 === 4 ? 0 : value)) };
  const of = subjectOf(network, parameters, { batches: [dead] });
  for (const criterion of [obc, lObs]) {
    const options = criterion.options.parse({});
    const scores = await score(criterion, of, options);
    const mask = select(network, scores, { sparsity: 1 / 3, ...layerwise })['fc1/kernel'];
    t.deepEqual(
      [...mask.keys()].filter((i) => mask[i] === 0),
      [10, 11, 12, 13, 14, 20, 21, 22, 23, 24],
    );
    const after = await criterion.compensate!(of, { 'fc1/kernel': mask }, options);
    t.true(relativeError(outputs(network, after, dead), outputs(network, parameters, dead)) < 1e-6);
  }
});

test('a convolution is reconstructed through its patches: outputs change less than by zeroing, and as predicted for one weight', async (t) => {
  const net = convNet();
  const start = randomParameters(net);
  const data = randomBatch(net, 40);
  const of = subjectOf(net, start, { batches: [data] });
  const scores = await score(obc, of, exact());
  const convOutput = (record: ParameterRecord) => outputs({ ...net, layers: net.layers.slice(0, 1) }, record, data);
  const meanSquare = (record: ParameterRecord) => {
    const [a, b] = [convOutput(record), convOutput(start)];
    return a.reduce((sum, value, i) => sum + (value - b[i]) ** 2, 0) / (data.size * 64);
  };
  const one = new Uint8Array(72).fill(1);
  const first = scores['conv1/kernel'].indexOf(Math.min(...scores['conv1/kernel']));
  one[first] = 0;
  const single = await obc.compensate!(of, { 'conv1/kernel': one }, exact());
  closeTo(t, meanSquare(single) / scores['conv1/kernel'][first], 1, 1e-3);
  const masks = { 'conv1/kernel': select(net, scores, { sparsity: 0.6, ...layerwise })['conv1/kernel'] };
  const many = await obc.compensate!(of, masks, exact());
  t.true(meanSquare(many) < meanSquare(applyMasks(start, masks)));
});

test('grouped convolutions: each group has its own inputs', async (t) => {
  const layer = (groups: number) =>
    defineNetwork({
      name: `groups-${groups}`,
      inputShape: [4, 4, 4],
      layers: [
        {
          kind: 'conv2d',
          name: 'conv',
          inputs: [INPUT],
          filters: 4,
          kernelSize: [2, 2],
          strides: [1, 1],
          dilation: [1, 1],
          padding: 'valid',
          groups,
          useBias: false,
        },
        { kind: 'flatten', name: 'flatten', inputs: ['conv'] },
      ],
    });
  const grouped = layer(2);
  const data = { ...randomBatch(grouped, 30), y: new Int32Array(30) };
  const start = randomParameters(grouped);
  // The same function as a plain convolution whose kernel is 0 between groups, these zeros being pruned already.
  const plain = layer(1);
  const values = new Float32Array(2 * 2 * 4 * 4);
  const mask = new Uint8Array(values.length);
  const wide = (tap: number, c: number, u: number) => (tap * 4 + c + (u < 2 ? 0 : 2)) * 4 + u;
  for (let tap = 0; tap < 4; tap++)
    for (let c = 0; c < 2; c++)
      for (let u = 0; u < 4; u++) {
        values[wide(tap, c, u)] = start['conv/kernel'].values[(tap * 2 + c) * 4 + u];
        mask[wide(tap, c, u)] = 1;
      }
  const one = await score(obc, subjectOf(grouped, start, { batches: [data] }), exact());
  const other = await score(
    obc,
    subjectOf(
      plain,
      { 'conv/kernel': { shape: [2, 2, 4, 4], values } },
      { masks: { 'conv/kernel': mask }, batches: [data] },
    ),
    exact(),
  );
  const picked = Array.from(
    { length: 32 },
    (_, i) => other['conv/kernel'][wide(Math.floor(i / 8), Math.floor(i / 4) % 2, i % 4)],
  );
  t.true(relativeError(one['conv/kernel'], picked) < 1e-5);
});

test('fewer patches than positions give nearly the same correlation, and the limit is kept', async (t) => {
  const net = convNet();
  const of = subjectOf(net, randomParameters(net), { batches: [randomBatch(net, 100)] });
  const all = await score(lObs, of, fixed());
  const some = await score(lObs, of, fixed({ maximumPatches: 1600 })); // of 6400
  t.true(relativeError(some['conv1/kernel'], all['conv1/kernel']) < 0.2);
  t.notDeepEqual(some['conv1/kernel'], all['conv1/kernel']);
});

test('a layer too wide for its limit is refused with an alternative', async (t) => {
  const wide = mlp([2000, 3]);
  for (const criterion of [obc, lObs]) {
    const error = await t.throwsAsync(async () =>
      score(criterion, subjectOf(wide, randomParameters(wide)), criterion.options.parse({ memoryLimit: 0.1 })),
    );
    t.regex((error as { remedy?: string }).remedy ?? '', /woodfisher/);
  }
});

import {
  applyMasks,
  costOf,
  defineNetwork,
  type Network,
  type ParameterRecord,
  prunableUnits,
  type Scores,
  unitMasks,
} from '@prunebench/core';
import {
  closeTo,
  contractViolations,
  convNet,
  kernels,
  mlp,
  outputs,
  randomBatch,
  randomParameters,
  relativeError,
  residualNet,
  score,
  subjectOf,
  withValues,
} from '@prunebench/testing';
import test from 'ava';
import {
  activationDeviation,
  activationMean,
  apoz,
  fisherUnits,
  importanceEstimation,
  minimumWeight,
  skeletonization,
  taylor,
  unitOracle,
} from '../src/index.ts';

const all = [
  activationDeviation,
  activationMean,
  apoz,
  fisherUnits,
  importanceEstimation,
  minimumWeight,
  skeletonization,
  taylor,
  unitOracle,
];

test('the contract, on dense, convolutional and residual networks', async (t) => {
  for (const criterion of all)
    for (const network of [mlp([5, 4, 3, 2]), convNet(), residualNet()])
      t.deepEqual(await contractViolations(criterion, network), [], `${criterion.id} on ${network.name}`);
});

/**
 * Two ReLU units, half the squared error: W has the rows (1, 0) and (1/2, 1/2), v = (2, -1). For x = (1, 2) and t = 0 the units give
 * (1, 3/2), y = 1/2; for x = (3, -1) and t = 1 they give (3, 1), y = 5. Gates: e v h = (1, -3/4) and (24, -4).
 */
const small: Network = { ...mlp([2, 2, 1], { useBias: false }), loss: 'squared-error' };
const golden = subjectOf(small, kernels(small, { fc1: [1, 0.5, 0, 0.5], fc2: [2, -1] }), {
  batches: [{ x: Float32Array.of(1, 2, 3, -1), y: Int32Array.of(0, 1), size: 2 }],
});

test('two units by hand', async (t) => {
  const scores = async (...[criterion, options]: [(typeof all)[number], object?]) =>
    (await score(criterion, golden, options))['fc1/kernel'];
  const close = (actual: ArrayLike<number>, expected: readonly number[]) =>
    t.true(relativeError(actual, expected) < 1e-6);
  close(await scores(taylor, { normalise: false }), [12.5, 2.375]);
  close(
    await scores(taylor),
    [12.5, 2.375].map((s) => s / Math.hypot(12.5, 2.375)),
  );
  close(await scores(taylor, { normalise: false, over: 'batch' }), [12.5, 2.375]);
  close(await scores(importanceEstimation), [12.5 ** 2, 2.375 ** 2]);
  close(await scores(importanceEstimation, { per: 'example' }), [(1 + 24 ** 2) / 2, (0.75 ** 2 + 16) / 2]);
  close(await scores(fisherUnits), [(1 + 24 ** 2) / 4, (0.75 ** 2 + 16) / 4]);
  // One unit is read by a linear output: the change is -G + (v h)² / 2 exactly.
  close(await scores(unitOracle, { signed: true }), [(-1 + 2 - 24 + 18) / 2, (0.75 + 1.125 + 4 + 0.5) / 2]);
  // Errors are 1/2 and 4: signs are +, so relevance is -Σ v h.
  close(await scores(skeletonization), [-8, 2.5]);
  close(await scores(skeletonization, { rank: 'absolute' }), [8, 2.5]);
  close(await scores(skeletonization, { error: 'loss' }), [-25, 4.75]);
  close(await scores(activationMean), [2, 1.25]);
  close(await scores(activationDeviation), [1, 0.25]);
  close(await scores(apoz), [1, 1]);
  close(await scores(minimumWeight), [0.5, 0.25]);
});

test('the relevance of Mozer & Smolensky’s linear error is the true change where no sign turns', async (t) => {
  const network: Network = { ...mlp([2, 2, 1], { useBias: false }), loss: 'squared-error' };
  const parameters = kernels(network, { fc1: [0.5, -1, 0.25, 1.5], fc2: [1, -0.4] });
  // x = (1, 2): the units give (1, 2), y = 0.2, t = 1: without unit 0 the error is 1.8, without unit 1 it is 0.
  const subject = subjectOf(network, parameters, {
    batches: [{ x: Float32Array.of(1, 2), y: Int32Array.of(1), size: 1 }],
  });
  t.true(relativeError((await score(skeletonization, subject))['fc1/kernel'], [1, -0.8]) < 1e-6);
});

/** The mean loss of half the squared error or of cross-entropy, written as loops. */
function meanLoss(network: Network, parameters: ParameterRecord, subject: typeof golden): number {
  let [sum, count] = [0, 0];
  for (const batch of subject.batches({ batchSize: 16 })) {
    const values = outputs(network, parameters, batch);
    const units = values.length / batch.size;
    for (let b = 0; b < batch.size; b++) {
      const row = Array.from(values.subarray(b * units, (b + 1) * units));
      const top = Math.max(...row);
      sum += top + Math.log(row.reduce((total, value) => total + Math.exp(value - top), 0)) - row[batch.y[b]];
    }
    count += batch.size;
  }
  return sum / count;
}

for (const network of [mlp([6, 5, 4, 3]), convNet(), residualNet()]) {
  const parameters = randomParameters(network, 3);
  const subject = subjectOf(network, parameters);

  test(`${network.name}: the oracle is the loss of the masked network, unit by unit`, async (t) => {
    const scores = await score(unitOracle, subject, { signed: true });
    const whole = meanLoss(network, parameters, subject);
    for (const name of prunableUnits(network))
      for (let unit = 0; unit < scores[name].length; unit++) {
        const kept = Uint8Array.from(scores[name], (_, u) => (u === unit ? 0 : 1));
        const without = applyMasks(parameters, unitMasks(network, name, kept));
        closeTo(t, scores[name][unit], meanLoss(network, without, subject) - whole, 1e-5, `${name} ${unit}`);
      }
  });

  test(`${network.name}: gates by central differences of the loss`, async (t) => {
    // The mean gradient of all batches as one: its square is the score.
    const batches = [...subject.batches({ batchSize: 16 })];
    const one = {
      x: Float32Array.from(batches.flatMap(({ x }) => [...x])),
      y: Int32Array.from(batches.flatMap(({ y }) => [...y])),
      size: batches.reduce((sum, { size }) => sum + size, 0),
    };
    const joint = subjectOf(network, parameters, { batches: [one] });
    const scores = await score(importanceEstimation, joint);
    for (const name of prunableUnits(network)) {
      const layer = name.split('/')[0];
      for (let unit = 0; unit < scores[name].length; unit++) {
        // A gate behind a ReLU is a factor before it, which the batch norm or the kernel takes.
        const gated = (alpha: number) => meanLoss(network, scaled(network, parameters, layer, unit, alpha), joint);
        const slope = (gated(1.01) - gated(0.99)) / 0.02;
        closeTo(t, Math.sqrt(scores[name][unit]), Math.abs(slope), 2e-3 * (1 + Math.abs(slope)), `${name} ${unit}`);
      }
    }
  });
}

/** The network whose unit gives `alpha` times as much. */
function scaled(
  network: Network,
  parameters: ParameterRecord,
  layer: string,
  unit: number,
  alpha: number,
): ParameterRecord {
  const norm = network.layers.find(({ kind, inputs }) => kind === 'batchNorm' && inputs[0] === layer)?.name;
  const names = norm ? [`${norm}/gamma`, `${norm}/beta`] : [`${layer}/kernel`, `${layer}/bias`];
  return withValues(
    parameters,
    Object.fromEntries(
      names.map((name) => {
        const units = parameters[name].shape.at(-1)!;
        return [name, parameters[name].values.map((value, i) => (i % units === unit ? alpha * value : value))];
      }),
    ),
  );
}

test('conservation: without biases the gates of every hidden layer add up to the same', async (t) => {
  const network = mlp([6, 5, 4, 3], { useBias: false });
  const parameters = randomParameters(network);
  const subject = subjectOf(network, parameters, { batches: [randomBatch(network, 40, 5)] });
  // The relevance by the loss is minus the sum of the gates over examples.
  const relevance = await score(skeletonization, subject, { error: 'loss' });
  const [first, second] = ['fc1/kernel', 'fc2/kernel'].map((name) => [...relevance[name]].reduce((a, b) => a + b, 0));
  t.true(Math.abs(first) > 1);
  closeTo(t, first, second, 1e-5 * Math.abs(first));
});

test('scores of a unit do not change when its scale moves to the next layer; the minimum weight’s do', async (t) => {
  const network = mlp([6, 5, 3]);
  const parameters = randomParameters(network);
  const moved = withValues(scaled(network, parameters, 'fc1', 2, 4), {
    'fc2/kernel': parameters['fc2/kernel'].values.map((value, i) => (Math.floor(i / 3) === 2 ? value / 4 : value)),
  });
  for (const criterion of [taylor, importanceEstimation, fisherUnits, skeletonization, unitOracle, apoz]) {
    const [before, after] = await Promise.all(
      [parameters, moved].map((own) => score(criterion, subjectOf(network, own))),
    );
    t.true(relativeError(after['fc1/kernel'], before['fc1/kernel']) < 1e-4, criterion.id);
  }
  const [before, after] = await Promise.all(
    [parameters, moved].map((own) => score(minimumWeight, subjectOf(network, own))),
  );
  t.true(Math.abs(after['fc1/kernel'][2] / before['fc1/kernel'][2] - 16) < 1e-4);
});

test('squares: Fisher is half of the importance per example, which is never below that per batch', async (t) => {
  const subject = subjectOf(convNet(), randomParameters(convNet()));
  const [fisher, each, batch] = await Promise.all([
    score(fisherUnits, subject),
    score(importanceEstimation, subject, { per: 'example' }),
    score(importanceEstimation, subject),
  ]);
  for (const name of prunableUnits(convNet())) {
    t.true(
      relativeError(
        fisher[name],
        each[name].map((value) => value / 2),
      ) < 1e-12,
    );
    t.true(each[name].every((value, unit) => value >= batch[name][unit]));
  }
});

test('per cost: Fisher over the multiply-adds that go with the unit, by recounting the whole network', async (t) => {
  for (const network of [convNet(), residualNet(), mlp([6, 5, 4, 3])]) {
    const parameters = randomParameters(network);
    const names = prunableUnits(network);
    const gone = unitMasks(
      network,
      names[0],
      Uint8Array.from({ length: parameters[names[0]].shape.at(-1)! }, (_, u) => (u === 1 ? 0 : 1)),
    );
    const subject = subjectOf(network, parameters, { masks: gone });
    const [plain, perCost]: Scores[] = await Promise.all([
      score(fisherUnits, subject),
      score(fisherUnits, subject, { perCost: true }),
    ]);
    const before = costOf(network, gone).multiplyAdds.remaining;
    for (const name of names)
      for (let unit = 0; unit < plain[name].length; unit++) {
        if (name === names[0] && unit === 1) continue;
        const kept = Uint8Array.from(plain[name], (_, u) => (u === unit ? 0 : 1));
        const masks = Object.fromEntries(
          Object.entries(unitMasks(network, name, kept)).map(([key, mask]) => [
            key,
            mask.map((bit, i) => bit & (gone[key]?.[i] ?? 1)),
          ]),
        );
        const saved = before - costOf(network, { ...gone, ...masks }).multiplyAdds.remaining;
        closeTo(t, perCost[name][unit] * saved, plain[name][unit], 1e-9 * (1 + plain[name][unit]), `${name} ${unit}`);
      }
  }
});

test('a dead unit scores 0, and a layer of dead units does not divide by 0', async (t) => {
  const network = defineNetwork({ ...mlp([3, 2, 2]), name: 'dead' });
  const parameters = withValues(randomParameters(network), { 'fc1/kernel': new Float32Array(6), 'fc1/bias': [-1, -2] });
  for (const criterion of [taylor, importanceEstimation, fisherUnits, unitOracle, activationMean, apoz])
    t.deepEqual([...(await score(criterion, subjectOf(network, parameters)))['fc1/kernel']], [0, 0], criterion.id);
});

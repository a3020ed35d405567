import { type Masks, type Network, select } from '@prunebench/core';
import { convNet, mlp, randomBatch, randomParameters, relativeError, score, subjectOf } from '@prunebench/testing';
import { bestMove, inverse, type Rows } from '@prunebench/testing/dense-matrices';
import test from 'ava';
import { obs, obsBlock, obsEigen, woodFisher } from '../src/index.ts';
import { type Entry, gaussNewton, kernelEntries } from './gauss-newton-reference.ts';
import { differences, exampleLosses, float64 } from './reference-network.ts';

const network = mlp([3, 4, 3], { activation: 'tanh', useBias: false });
const parameters = randomParameters(network);
const batch = randomBatch(network, 25);
const subject = subjectOf(network, parameters, { batches: [batch] });
const entries = kernelEntries(network);
const weights = entries.map(({ name, index }) => parameters[name].values[index]);
const curvature = gaussNewton(network, float64(parameters), batch, entries);
const meanDiagonal = curvature.reduce((sum, row, i) => sum + row[i], 0) / entries.length;

const damped = (matrix: Rows, damping: number) =>
  matrix.map((row, i) => row.map((value, j) => value + (i === j ? damping : 0)));
const flatten = (record: Readonly<Record<string, ArrayLike<number>>>, of: readonly Entry[] = entries) =>
  of.map(({ name, index }) => record[name][index]);
const values = (record: Readonly<Record<string, { values: Float32Array }>>, of: readonly Entry[] = entries) =>
  of.map(({ name, index }) => record[name].values[index]);
const ranking = (scores: readonly number[]) => [...scores.keys()].sort((a, b) => scores[a] - scores[b]);

/** The curvature with everything outside the blocks set to 0; `blockOf` names a weight's block. */
function blockDiagonal(blockOf: (entry: Entry) => string): Rows {
  return curvature.map((row, i) => row.map((value, j) => (blockOf(entries[i]) === blockOf(entries[j]) ? value : 0)));
}

/** Rows of single-example loss gradients, by finite differences. */
function lossGradients(net: Network, of: readonly Entry[], examples = batch): Rows {
  const reference = float64(randomParameters(net));
  const columns = of.map(
    ({ name, index }) => differences(reference, name, index, () => exampleLosses(net, reference, examples), 1e-5).first,
  );
  return columns[0].map((_, k) => columns.map((column) => column[k]));
}

function fisher(rows: Rows): Rows {
  return rows[0].map((_, i) => rows[0].map((_, j) => rows.reduce((sum, g) => sum + g[i] * g[j], 0) / rows.length));
}

const someMasks: Masks = {
  'fc1/kernel': Uint8Array.of(0, 1, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1),
  'fc2/kernel': Uint8Array.of(1, 0, 0, 0, 1, 1, 1, 1, 0, 1, 1, 1),
};
const removed = entries.flatMap(({ name, index }, i) => (someMasks[name][index] === 0 ? [i] : []));

/** Weights after the group's removal under a quadratic model. */
const compensated = (hessian: Rows) => {
  const { move } = bestMove(hessian, weights, removed);
  return weights.map((w, i) => (removed.includes(i) ? 0 : w + move[i]));
};

// obs-block

const block = (options: Record<string, unknown>) => obsBlock.options.parse({ outputs: 'all', ...options });

test('obs-block, blocks of one weight: ½ w² (h + α)', async (t) => {
  const scores = await score(obsBlock, subject, block({ blockSize: 1, relativeDamping: 0.1 }));
  const expected = weights.map((w, i) => (w ** 2 * (curvature[i][i] + 0.1 * meanDiagonal)) / 2);
  t.true(relativeError(flatten(scores), expected) < 1e-5);
});

test('obs-block with a block per layer or per unit compensates as the block-diagonal curvature does', async (t) => {
  const alpha = 0.05;
  const perLayer = await obsBlock.compensate!(
    subject,
    someMasks,
    block({ partition: 'layer', blockSize: 100, relativeDamping: alpha }),
  );
  t.true(
    relativeError(
      values(perLayer),
      compensated(
        damped(
          blockDiagonal(({ name }) => name),
          alpha * meanDiagonal,
        ),
      ),
    ) < 1e-4,
  );
  const perUnit = await obsBlock.compensate!(subject, someMasks, block({ blockSize: 100, relativeDamping: alpha }));
  const unit = ({ name, index }: Entry) => `${name} ${index % (name === 'fc1/kernel' ? 4 : 3)}`;
  t.true(relativeError(values(perUnit), compensated(damped(blockDiagonal(unit), alpha * meanDiagonal))) < 1e-4);
});

test('obs-block on one linear layer with squared error, whose units are independent, is obs: same masks, same weights', async (t) => {
  const linear: Network = { ...mlp([5, 3]), loss: 'squared-error' };
  const one = subjectOf(linear, randomParameters(linear), { batches: [randomBatch(linear, 30)] });
  const damping = 1e-6;
  const exact = await score(obs, one, obs.options.parse({ damping }));
  const options = block({ blockSize: 10, relativeDamping: 1e-9 });
  const blocks = await score(obsBlock, one, options);
  for (const sparsity of [0.2, 0.4, 0.6, 0.8]) {
    const masks = select(linear, exact, { sparsity });
    t.deepEqual(select(linear, blocks, { sparsity }), masks);
    const [a, b] = [
      await obs.compensate!(one, masks, obs.options.parse({ damping })),
      await obsBlock.compensate!(one, masks, options),
    ];
    for (const name of ['fc1/kernel', 'fc1/bias']) t.true(relativeError(b[name].values, a[name].values) < 1e-4);
  }
});

// obs-eigen

const eigen = (options: Record<string, unknown>) => obsEigen.options.parse({ outputs: 'all', ...options });

test('obs-eigen without eigenvectors ranks by magnitude, and moves nothing', async (t) => {
  const options = eigen({ eigenvectors: 0 });
  t.deepEqual(ranking(flatten(await score(obsEigen, subject, options))), ranking(weights.map((w) => w ** 2)));
  const after = await obsEigen.compensate!(subject, someMasks, options);
  t.deepEqual(
    values(after),
    weights.map((w, i) => (removed.includes(i) ? 0 : w)),
  );
});

test('obs-eigen with all eigenvectors is the full Gauss-Newton matrix: L_q and the joint update', async (t) => {
  const options = eigen({ eigenvectors: 1000, relativeDamping: 0.02 });
  const hessian = damped(curvature, 0.02 * meanDiagonal);
  const inverted = inverse(hessian);
  const expected = weights.map((w, q) => w ** 2 / (2 * inverted[q][q]));
  t.true(relativeError(flatten(await score(obsEigen, subject, options)), expected) < 1e-4);
  t.true(relativeError(values(await obsEigen.compensate!(subject, someMasks, options)), compensated(hessian)) < 1e-4);
});

test('obs-eigen: no L_q falls when an eigenvector is added', async (t) => {
  let before = weights.map(() => 0);
  for (const eigenvectors of [0, 1, 2, 5, 10, 24]) {
    const scores = flatten(await score(obsEigen, subject, eigen({ eigenvectors })));
    t.true(scores.every((score, q) => score >= before[q] * (1 - 1e-9)));
    before = scores;
  }
});

// woodfisher

const wood = (options: Record<string, unknown>) => woodFisher.options.parse(options);

test('woodfisher: ρ from blocks of consecutive incoming weights, gradients by finite differences, in every form', async (t) => {
  // The order (unit, input) cut in fives: blocks run across units.
  const order = ['fc1/kernel', 'fc2/kernel'].flatMap((name, l) => {
    const [inputs, units] = [
      [3, 4],
      [4, 3],
    ][l];
    return Array.from({ length: 12 }, (_, i) => ({
      name,
      index: (i % inputs) * units + Math.floor(i / inputs),
      block: `${name} ${Math.floor(i / 5)}`,
    }));
  });
  const f = fisher(lossGradients(network, order));
  const lambda = 1e-3;
  const masked = f.map((row, i) => row.map((value, j) => (order[i].block === order[j].block ? value : 0)));
  const inverted = inverse(damped(masked, lambda));
  const expected = order.map(({ name, index }, q) => parameters[name].values[index] ** 2 / (2 * inverted[q][q]));
  for (const form of ['auto', 'direct', 'dual', 'recursion']) {
    const scores = await score(woodFisher, subject, wood({ blockSize: 5, damping: lambda, form }));
    t.true(relativeError(flatten(scores, order), expected) < 1e-4, form);
  }

  const gone = order.map(({ name, index }) => someMasks[name][index] === 0);
  const w = order.map(({ name, index }) => parameters[name].values[index]);
  const update = (scale: number) =>
    w.map((value, i) =>
      gone[i]
        ? 0
        : value - scale * w.reduce((sum, wq, q) => (gone[q] ? sum + (wq / inverted[q][q]) * inverted[i][q] : sum), 0),
    );
  for (const scaleUpdate of [1, 0.5, 0])
    for (const form of ['direct', 'dual']) {
      const after = await woodFisher.compensate!(
        subject,
        someMasks,
        wood({ blockSize: 5, damping: lambda, scaleUpdate, form }),
      );
      t.true(relativeError(values(after, order), update(scaleUpdate)) < 1e-4);
    }
  const untouched = await woodFisher.compensate!(subject, someMasks, wood({ update: 'none' }));
  t.deepEqual(
    values(untouched, order),
    w.map((value, i) => (gone[i] ? 0 : value)),
  );
  const { move } = bestMove(
    damped(masked, lambda),
    w,
    [...gone.keys()].filter((i) => gone[i]),
  );
  const joint = await woodFisher.compensate!(
    subject,
    someMasks,
    wood({ blockSize: 5, damping: lambda, update: 'group' }),
  );
  t.true(
    relativeError(
      values(joint, order),
      w.map((value, i) => (gone[i] ? 0 : value + move[i])),
    ) < 1e-4,
  );
});

test('woodfisher: blocks of one weight are the damped diagonal Fisher, and a large λ leaves magnitude', async (t) => {
  const diagonal = fisher(lossGradients(network, entries)).map((row, i) => row[i]);
  const scores = await score(woodFisher, subject, wood({ blockSize: 1, damping: 1e-2 }));
  t.true(
    relativeError(
      flatten(scores),
      weights.map((w, i) => (w ** 2 * (diagonal[i] + 1e-2)) / 2),
    ) < 1e-5,
  );
  const flat = await score(woodFisher, subject, wood({ damping: 1e6 }));
  t.deepEqual(ranking(flatten(flat)), ranking(weights.map((w) => w ** 2)));
});

test('convolutions: block curvature from the summed gradients of all positions', async (t) => {
  const net = convNet();
  const examples = randomBatch(net, 6);
  const convolution = subjectOf(net, randomParameters(net), { batches: [examples] });
  // The first 9 incoming weights of filter 0 and of filter 3 of conv2, [3, 3, 4, 5]: one block each at blockSize 9.
  const block9 = (unit: number) => Array.from({ length: 9 }, (_, p) => ({ name: 'conv2/kernel', index: p * 5 + unit }));
  const scores = await score(woodFisher, convolution, wood({ blockSize: 9, damping: 1e-2 }));
  for (const unit of [0, 3]) {
    const part = block9(unit);
    const inverted = inverse(damped(fisher(lossGradients(net, part, examples)), 1e-2));
    const expected = part.map(
      ({ name, index }, q) => convolution.parameters[name].values[index] ** 2 / (2 * inverted[q][q]),
    );
    t.true(relativeError(flatten(scores, part), expected) < 1e-4);
  }
});

test('memory limits name the options that need less', async (t) => {
  for (const criterion of [obsBlock, obsEigen, woodFisher]) {
    const error = await t.throwsAsync(async () =>
      score(criterion, subject, criterion.options.parse({ memoryLimit: 1e-6 })),
    );
    t.regex((error as { remedy?: string }).remedy ?? '', /samples/, criterion.id);
  }
});

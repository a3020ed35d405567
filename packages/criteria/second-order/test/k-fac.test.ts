import type { Masks, Network } from '@prunebench/core';
import { closeTo, mlp, randomBatch, randomParameters, relativeError, score, subjectOf } from '@prunebench/testing';
import { inverse, type Rows } from '@prunebench/testing/dense-matrices';
import test from 'ava';
import { kFac, obs } from '../src/index.ts';
import { differences, exampleLosses, examples, float64, referenceInput } from './reference-network.ts';

const options = (given: Record<string, unknown> = {}) => kFac.options.parse(given);

test('one linear layer with squared error: A ⊗ I is the exact curvature, so single removals are those of obs', async (t) => {
  const network: Network = { ...mlp([5, 3]), loss: 'squared-error' };
  const subject = subjectOf(network, randomParameters(network), { batches: [randomBatch(network, 40)] });
  const scores = await score(kFac, subject, options({ outputs: 'all', damping: 1e-14 }));
  const exact = await score(obs, subject, obs.options.parse({ damping: 1e-9 }));
  const first = exact['fc1/kernel'].indexOf(Math.min(...exact['fc1/kernel']));
  closeTo(t, scores['fc1/kernel'][first] / exact['fc1/kernel'][first], 1, 1e-4);
  t.is(scores['fc1/kernel'].indexOf(Math.min(...scores['fc1/kernel'])), first);
  const masks = { 'fc1/kernel': Uint8Array.from({ length: 15 }, (_, i) => (i === first ? 0 : 1)) };
  const one = await kFac.compensate!(subject, masks, options({ outputs: 'all', damping: 1e-14 }));
  const other = await obs.compensate!(subject, masks, obs.options.parse({ damping: 1e-9 }));
  for (const name of ['fc1/kernel', 'fc1/bias']) t.true(relativeError(one[name].values, other[name].values) < 1e-4);
});

test('a network: scores and update from the explicit inverse of the Kronecker product', async (t) => {
  const network = mlp([3, 4, 2], { activation: 'tanh' });
  const parameters = randomParameters(network);
  const batch = randomBatch(network, 20);
  const subject = subjectOf(network, parameters, { batches: [batch] });
  const given = options({ outputs: 'labels', damping: 1e-3 });
  const values = float64(parameters);
  const masks: Masks = {
    'fc1/kernel': Uint8Array.of(0, 1, 1, 1, 0, 1, 0, 1, 1, 1, 1, 0),
    'fc2/kernel': Uint8Array.of(1, 0, 1, 1, 1, 0, 1, 1),
  };
  const scores = await score(kFac, subject, given);
  const after = await kFac.compensate!(subject, masks, given);

  for (const [name, inputs, units] of [
    ['fc1', 3, 4],
    ['fc2', 4, 2],
  ] as const) {
    const z = examples(network, batch).map(({ x }) => [...referenceInput(network, values, x, name), 1]);
    // The gradient of a bias is δ.
    const columns = Array.from(
      { length: units },
      (_, u) => differences(values, `${name}/bias`, u, () => exampleLosses(network, values, batch), 1e-5).first,
    );
    const delta = columns[0].map((_, k) => columns.map((column) => column[k]));
    const a = correlation(z);
    const g = correlation(delta);
    const ratio = Math.sqrt(meanDiagonal(a) / meanDiagonal(g));
    const inverted = inverse(kronecker(plus(a, ratio * Math.sqrt(1e-3)), plus(g, Math.sqrt(1e-3) / ratio)));
    const weights = [...values[`${name}/kernel`], ...values[`${name}/bias`]];
    const kernelSize = inputs * units;
    const expected = weights.slice(0, kernelSize).map((w, q) => w ** 2 / (2 * inverted[q][q]));
    t.true(relativeError(scores[`${name}/kernel`], expected) < 1e-4);
    const mask = masks[`${name}/kernel`];
    const updated = weights.map((w, i) => {
      if (mask[i] === 0) return 0;
      return weights.reduce((sum, wq, q) => (mask[q] === 0 ? sum - (wq / inverted[q][q]) * inverted[i][q] : sum), w);
    });
    t.true(relativeError([...after[`${name}/kernel`].values, ...after[`${name}/bias`].values], updated) < 1e-4);
  }
});

function correlation(rows: Rows): Rows {
  return rows[0].map((_, i) =>
    rows[0].map((_, j) => rows.reduce((sum, row) => sum + row[i] * row[j], 0) / rows.length),
  );
}

function meanDiagonal(a: Rows): number {
  return a.reduce((sum, row, i) => sum + row[i], 0) / a.length;
}

function plus(a: Rows, value: number): Rows {
  return a.map((row, i) => row.map((entry, j) => entry + (i === j ? value : 0)));
}

/** Index (p, u) of the product is p * units + u, the order of a dense kernel. */
function kronecker(a: Rows, g: Rows): Rows {
  return a.flatMap((rowA) => g.map((rowG) => rowA.flatMap((x) => rowG.map((y) => x * y))));
}

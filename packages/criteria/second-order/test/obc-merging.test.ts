/** How optimal brain compression lets the losses of a layer's units compete. */
import { select } from '@prunebench/core';
import { mlp, randomBatch, randomParameters, score, subjectOf } from '@prunebench/testing';
import { bestMove, gram } from '@prunebench/testing/dense-matrices';
import test from 'ava';
import { obc } from '../src/index.ts';
import { examples, float64, referenceInput } from './reference-network.ts';

const [inputs, units] = [7, 6];
const network = mlp([inputs, units], { useBias: false });
const parameters = randomParameters(network);
const batch = randomBatch(network, 40);
const subject = subjectOf(network, parameters, { batches: [batch] });

/** Greedy removals of every unit with the loss of each, every candidate solved anew. */
function traces() {
  const rows = examples(network, batch).map(({ x }) => [...referenceInput(network, float64(parameters), x, 'fc1')]);
  // Correlated inputs: what one removal costs depends on those before it.
  const hessian = gram(rows, rows.length / 2, 0);
  return Array.from({ length: units }, (_, u) => {
    const start = Array.from({ length: inputs }, (_, p) => parameters['fc1/kernel'].values[p * units + u]);
    const order: number[] = [];
    const losses: number[] = [];
    let total = 0;
    while (order.length < inputs) {
      const left = start.map((_, p) => p).filter((p) => !order.includes(p));
      const totals = left.map((p) => bestMove(hessian, start, [...order, p]).loss);
      const best = totals.indexOf(Math.min(...totals));
      losses.push(totals[best] - total);
      total = totals[best];
      order.push(left[best]);
    }
    return { order, losses };
  });
}

test('sorted-losses: each unit loses as many weights as it has losses among the smallest of all, first ones first', async (t) => {
  const all = traces();
  t.true(all.some(({ losses }) => losses.some((loss, i) => i > 0 && loss < losses[i - 1])));
  const scores = await score(obc, subject, obc.options.parse({ relativeDamping: 1e-9, merging: 'sorted-losses' }));
  const merged = await score(obc, subject, obc.options.parse({ relativeDamping: 1e-9 }));
  let differ = 0;
  for (let count = 1; count < inputs * units; count++) {
    const threshold = all.flatMap(({ losses }) => losses).sort((a, b) => a - b)[count - 1];
    const expected = new Uint8Array(inputs * units).fill(1);
    all.forEach(({ order, losses }, u) => {
      const gone = losses.filter((loss) => loss <= threshold).length;
      for (const p of order.slice(0, gone)) expected[p * units + u] = 0;
    });
    const options = { sparsity: count / (inputs * units), allowLayerCollapse: true };
    t.deepEqual([...select(network, scores, options)['fc1/kernel']], [...expected], `${count}`);
    differ += +select(network, merged, options)['fc1/kernel'].some((kept, i) => kept !== expected[i]);
  }
  t.true(differ > 0, 'the two ways choose differently somewhere');
});

import { PrunebenchError } from '@prunebench/core';
import { closeTo, relativeError } from '@prunebench/testing';
import {
  bestMove,
  flat,
  gram,
  inverse,
  quadratic,
  type Rows,
  randomRows,
  subsets,
} from '@prunebench/testing/dense-matrices';
import test from 'ava';
import { greedyElimination } from '../src/surgery/greedy-elimination.ts';
import { groupUpdate } from '../src/surgery/group-update.ts';
import { removalOrderScores } from '../src/surgery/removal-order.ts';

function eliminate(hessian: Rows, weights: readonly number[], options: { fixed?: number[]; gone?: number[] } = {}) {
  const { fixed = [], gone = [] } = options;
  return greedyElimination({
    inverse: flat(inverse(hessian)),
    stride: weights.length,
    weights: Float64Array.from(weights),
    removable: Uint8Array.from(weights, (_, i) => (fixed.includes(i) || gone.includes(i) ? 0 : 1)),
    removedBefore: gone,
  });
}

/** Optimal brain surgeon without any downdate: after each removal the quadratic is solved anew for every candidate. */
function textbookOrder(hessian: Rows, start: readonly number[], candidates: readonly number[]) {
  const order: number[] = [];
  const losses: number[] = [];
  while (order.length < candidates.length) {
    const left = candidates.filter((q) => !order.includes(q));
    const base = bestMove(hessian, start, order).loss;
    const costs = left.map((q) => bestMove(hessian, start, [...order, q]).loss - base);
    const best = costs.indexOf(Math.min(...costs));
    order.push(left[best]);
    losses.push(costs[best]);
  }
  return { order, losses };
}

const hessian = gram(randomRows(25, 9), 25, 1e-3);
const weights = randomRows(1, 9, 5)[0];

test('order and losses equal those of solving every candidate anew at every step', (t) => {
  const { order, losses } = eliminate(hessian, weights);
  const expected = textbookOrder(hessian, weights, [...weights.keys()]);
  t.deepEqual([...order], expected.order);
  t.true(relativeError(losses, expected.losses) < 1e-10);
});

test('weights that may not go compensate and never appear; weights that went before neither', (t) => {
  const start = weights.map((w, i) => (i === 2 || i === 6 ? 0 : w));
  const { order, losses } = eliminate(hessian, start, { fixed: [0], gone: [2, 6] });
  t.deepEqual([...order].sort(), [1, 3, 4, 5, 7, 8]);
  // Without rows and columns 2 and 6 the problem is the same.
  const rest = [0, 1, 3, 4, 5, 7, 8];
  const small = rest.map((i) => rest.map((j) => hessian[i][j]));
  const expected = textbookOrder(
    small,
    rest.map((i) => start[i]),
    [1, 2, 3, 4, 5, 6],
  );
  t.deepEqual(
    [...order],
    expected.order.map((i) => rest[i]),
  );
  t.true(relativeError(losses, expected.losses) < 1e-9);
});

test('the summed losses of k removals are ½ w_Qᵀ ([H⁻¹]_QQ)⁻¹ w_Q, and never less than the best subset of k', (t) => {
  const { order, losses } = eliminate(hessian, weights);
  const inverted = inverse(hessian);
  let sum = 0;
  for (let k = 1; k <= weights.length; k++) {
    sum += losses[k - 1];
    const q = [...order.slice(0, k)];
    const closed = quadratic(
      inverse(q.map((i) => q.map((j) => inverted[i][j]))),
      q.map((i) => weights[i]),
    );
    closeTo(t, sum, closed, 1e-10 * closed, `k = ${k}`);
    const optimum = Math.min(...subsets(weights.length, k).map((subset) => bestMove(hessian, weights, subset).loss));
    t.true(sum >= optimum * (1 - 1e-12));
    if (k === 1) closeTo(t, sum, optimum, 1e-12);
  }
});

test('correlated weights: OBS removes the second, where magnitude and the diagonal would remove the third', (t) => {
  const h = [
    [1, 0.99, 0],
    [0.99, 1, 0],
    [0, 0, 0.3],
  ];
  const { order, losses } = eliminate(h, [1, 0.9, 0.8]);
  t.is(order[0], 1);
  closeTo(t, losses[0], (0.9 ** 2 * (1 - 0.99 ** 2)) / 2, 1e-14);
});

test('a diagonal Hessian: the order of h w², losses ½ h w²', (t) => {
  const diagonal = [3, 0.5, 2, 1];
  const h = diagonal.map((value, i) => diagonal.map((_, j) => (i === j ? value : 0)));
  const { order, losses } = eliminate(h, [1, 2, -0.5, 0.1]);
  t.deepEqual([...order], [3, 2, 1, 0]);
  t.true(relativeError(losses, [0.005, 0.25, 1, 1.5]) < 1e-14);
});

test('equal saliencies go by index', (t) => {
  const identity = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j ? 1 : 0)));
  t.deepEqual([...eliminate(identity, [1, -1, 1, 1]).order], [0, 1, 2, 3]);
});

test('a group update is the minimum of the quadratic under the mask, by either system', (t) => {
  const model = { hessian: flat(hessian), inverse: () => flat(inverse(hessian)), size: 9 };
  for (const removed of [[4], [0, 3, 8], [0, 1, 2, 3, 5, 7, 8], [0, 1, 2, 3, 4, 5, 6, 7, 8]]) {
    const mask = Uint8Array.from(weights, (_, i) => (removed.includes(i) ? 1 : 0));
    const { move } = bestMove(hessian, weights, removed);
    const expected = weights.map((w, i) => (removed.includes(i) ? 0 : w + move[i]));
    t.true(relativeError(groupUpdate(model, Float64Array.from(weights), mask), expected) < 1e-10);
  }
  t.deepEqual(groupUpdate(model, Float64Array.from(weights), new Uint8Array(9)), Float64Array.from(weights));
});

test('an exhausted inverse is an error, not a nonsense order', (t) => {
  const singular = Float64Array.of(1, 1, 1, 1);
  const error = t.throws(
    () =>
      greedyElimination({
        inverse: singular,
        stride: 2,
        weights: Float64Array.of(1, 2),
        removable: Uint8Array.of(1, 1),
        removedBefore: [],
      }),
    { instanceOf: PrunebenchError },
  );
  t.regex(error.remedy!, /damping/);
});

test('scores rise strictly along the order, and are the losses where these rise', (t) => {
  const scores = removalOrderScores(Float64Array.of(0, 0, 1, 0.5, 0.5, 2));
  for (let i = 1; i < scores.length; i++) t.true(scores[i] > scores[i - 1]);
  t.is(scores[2], 1);
  t.is(scores[5], 2);
  t.true(scores[4] - 1 < 1e-15);
});

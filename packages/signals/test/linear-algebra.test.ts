import { PrunebenchError } from '@prunebench/core';
import { closeTo, relativeError } from '@prunebench/testing';
import { flat, gram, inverse, product, randomRows, solve, transpose } from '@prunebench/testing/dense-matrices';
import test from 'ava';
import { choleskyFactor, choleskySolve, inverseDiagonal, invertSymmetric } from '../src/linear-algebra/cholesky.ts';
import { dampedInverse } from '../src/linear-algebra/damped-inverse.ts';
import { addCrossGram, addGram } from '../src/linear-algebra/gram.ts';
import { woodburyInverse } from '../src/linear-algebra/woodbury.ts';

test('products of columns equal the textbook product, for sizes on and off the tiles and the depth of a slice', (t) => {
  for (const [columns, others, rows] of [
    [1, 1, 1],
    [4, 8, 256],
    [5, 7, 300],
    [11, 3, 513],
  ]) {
    const x = randomRows(rows, columns, columns);
    const y = randomRows(rows, others, 100 + others);
    const cross = new Float64Array(columns * others);
    addCrossGram(cross, flat(transpose(x)), columns, flat(transpose(y)), others, rows);
    t.true(relativeError(cross, flat(product(transpose(x), y))) < 1e-13);

    const own = new Float64Array(columns * columns);
    addGram(own, flat(transpose(x)), columns, rows);
    const expected = product(transpose(x), x);
    for (let i = 0; i < columns; i++)
      for (let j = 0; j <= i; j++) closeTo(t, own[i * columns + j], expected[i][j], 1e-10);
  }
});

test('Cholesky: L Lᵀ = A, solve and inverse as by Gauss-Jordan elimination', (t) => {
  const n = 13;
  const a = gram(randomRows(20, n), 20, 0.1);
  const factor = choleskyFactor(flat(a), n);
  const lower = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (j <= i ? factor[i * n + j] : 0)),
  );
  t.true(relativeError(flat(product(lower, transpose(lower))), flat(a)) < 1e-14);
  const reference = inverse(a);
  t.true(relativeError(invertSymmetric(flat(a), n), flat(reference)) < 1e-11);
  t.true(
    relativeError(
      inverseDiagonal(factor, n),
      reference.map((row, i) => row[i]),
    ) < 1e-11,
  );
  const b = randomRows(1, n, 7)[0];
  t.true(relativeError(choleskySolve(factor, n, Float64Array.from(b)), solve(a, b)) < 1e-11);
});

test('a matrix that is not positive definite is refused with the damping as remedy', (t) => {
  const error = t.throws(() => choleskyFactor(Float64Array.of(1, 0, 2, 1), 2), { instanceOf: PrunebenchError });
  t.regex(error.remedy!, /damping/);
});

for (const [samples, columns] of [
  [40, 9],
  [5, 30],
])
  test(`recursion, Cholesky and dual form give inv(λI + GᵀG/N) for ${samples} gradients of ${columns} weights`, (t) => {
    const g = randomRows(samples, columns);
    const damping = 1e-3;
    const reference = inverse(gram(g, samples, damping));
    const vector = Float64Array.from(randomRows(1, columns, 3)[0]);
    const applied = product(
      reference,
      Array.from(vector, (value) => [value]),
    ).flat();
    const block = { gradients: flat(transpose(g)), rows: samples, columns, samples, damping };
    for (const form of ['auto', 'direct', 'dual', 'recursion'] as const) {
      const result = dampedInverse(block, form);
      t.true(
        relativeError(
          result.diagonal(),
          reference.map((row, i) => row[i]),
        ) < 1e-9,
        form,
      );
      t.true(relativeError(result.apply(vector), applied) < 1e-9, form);
    }
  });

test('the recursion does not depend on the order of samples', (t) => {
  const g = randomRows(30, 6);
  const run = (rows: number[][]) =>
    woodburyInverse({ count: rows.length, row: (r, out) => out.set(rows[r]) }, 6, rows.length, 1e-6);
  const reference = inverse(gram(g, g.length, 1e-6));
  t.true(relativeError(run(g), flat(reference)) < 1e-8);
  t.true(relativeError(run(g.toReversed()), run(g)) < 1e-8);
});

// Products of compressed rows against loops in float64 over the dense matrix.
import {
  csrTimesDense,
  registerNativeBackend,
  sampledProduct,
  setThreads,
  transposeMatrix,
} from '@prunebench/backend-native';
import { relativeError } from '@prunebench/testing';
import test from 'ava';
import { type CsrMatrix, csrFromKernel, transposeCsr } from '../src/index.ts';
import { randomValues } from './support.ts';

test.before(() => registerNativeBackend({ threads: 2 }));

interface Case {
  readonly rows: number;
  readonly columns: number;
  readonly n: number;
  readonly density: number;
}

const cases: readonly Case[] = [
  { rows: 30, columns: 70, n: 128, density: 0.2 },
  { rows: 300, columns: 784, n: 128, density: 0.05 },
  // Enough work to be shared out among threads.
  { rows: 300, columns: 784, n: 128, density: 0.1 },
  { rows: 7, columns: 5, n: 1, density: 0.5 },
  { rows: 13, columns: 40, n: 37, density: 0.3 },
  { rows: 9, columns: 11, n: 333, density: 1 },
  { rows: 8, columns: 12, n: 16, density: 0 },
  { rows: 64, columns: 33, n: 130, density: 0.5 },
  { rows: 0, columns: 5, n: 4, density: 1 },
  { rows: 5, columns: 0, n: 4, density: 1 },
  { rows: 5, columns: 4, n: 0, density: 1 },
  // Several blocks of columns for the first-level cache, and for the second.
  { rows: 6, columns: 200, n: 130, density: 0.6 },
  { rows: 5, columns: 3000, n: 130, density: 0.1 },
];

/** A matrix as a row-major dense array and compressed. */
function randomMatrix({ rows, columns, density }: Case): { dense: Float32Array; csr: CsrMatrix } {
  const kept = randomValues(rows * columns, 1).map((value) => (value < 2 * density - 1 ? 1 : 0));
  const weights = randomValues(rows * columns, 2);
  const kernel = { shape: [columns, rows], values: weights.map((value, i) => value * kept[i]) };
  const csr = csrFromKernel(kernel, Uint8Array.from(kept));
  const dense = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) dense[row * columns + column] = kernel.values[column * rows + row];
  return { dense, csr };
}

function product(a: Float32Array, b: Float32Array, m: number, k: number, n: number, bias?: Float32Array): Float64Array {
  const y = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++) {
      let sum = bias ? bias[i] : 0;
      for (let l = 0; l < k; l++) sum += a[i * k + l] * b[l * n + j];
      y[i * n + j] = sum;
    }
  return y;
}

function transposed(a: Float32Array, rows: number, columns: number): Float32Array {
  return Float32Array.from({ length: a.length }, (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]);
}

const BOUND = 2e-6;

for (const one of cases) {
  const { rows, columns, n } = one;
  const name = `${rows} x ${columns} at density ${one.density} times ${columns} x ${n}`;

  test(`${name}: product, with bias and ReLU`, (t) => {
    const { dense, csr } = randomMatrix(one);
    const x = randomValues(columns * n, 3);
    const bias = randomValues(rows, 4);
    const y = new Float32Array(rows * n).fill(Number.NaN);
    csrTimesDense(csr, x, n, y);
    t.true(relativeError(y, product(dense, x, rows, columns, n)) < BOUND);
    csrTimesDense(csr, x, n, y, { bias, relu: true });
    const expected = product(dense, x, rows, columns, n, bias).map((value) => Math.max(0, value));
    t.true(relativeError(y, expected) < BOUND);
  });

  test(`${name}: product with the transposed matrix, weights read where they are`, (t) => {
    const { dense, csr } = randomMatrix(one);
    const dy = randomValues(rows * n, 5);
    const dx = new Float32Array(columns * n).fill(Number.NaN);
    const { matrix, places } = transposeCsr(csr);
    csrTimesDense({ ...matrix, values: csr.values }, dy, n, dx, { places });
    t.true(relativeError(dx, product(transposed(dense, rows, columns), dy, columns, rows, n)) < BOUND);
  });

  test(`${name}: sampled product`, (t) => {
    const { csr } = randomMatrix(one);
    const dy = randomValues(rows * n, 6);
    const x = randomValues(columns * n, 7);
    const out = new Float32Array(csr.values.length).fill(Number.NaN);
    sampledProduct(csr, dy, x, n, out);
    const all = product(dy, transposed(x, columns, n), rows, n, columns);
    const expected: number[] = [];
    for (let row = 0; row < rows; row++)
      for (let i = csr.rowStarts[row]; i < csr.rowStarts[row + 1]; i++)
        expected.push(all[row * columns + csr.columnIndices[i]]);
    t.true(relativeError(out, expected) < BOUND);
  });
}

test('the thread count changes no bit', (t) => {
  const { csr } = randomMatrix({ rows: 200, columns: 150, n: 100, density: 0.9 });
  const [x, dy] = [randomValues(150 * 100, 8), randomValues(200 * 100, 9)];
  const results = [1, 2, 3].map((threads) => {
    setThreads(threads);
    const [y, dw] = [new Float32Array(200 * 100), new Float32Array(csr.values.length)];
    csrTimesDense(csr, x, 100, y);
    sampledProduct(csr, dy, x, 100, dw);
    return [y, dw];
  });
  setThreads(2);
  t.deepEqual(results[1], results[0]);
  t.deepEqual(results[2], results[0]);
});

test('transposition of ragged sizes', (t) => {
  for (const [rows, columns] of [
    [1, 1],
    [16, 16],
    [17, 33],
    [128, 784],
    [3, 100],
    [0, 4],
  ]) {
    const from = randomValues(rows * columns, 10);
    const to = new Float32Array(from.length);
    transposeMatrix(from, rows, columns, to);
    t.deepEqual(to, transposed(from, rows, columns), `${rows} x ${columns}`);
  }
});

test('arrays of the wrong length are refused before they are read', (t) => {
  const { csr } = randomMatrix({ rows: 4, columns: 3, n: 2, density: 1 });
  t.throws(() => csrTimesDense(csr, new Float32Array(5), 2, new Float32Array(8)), { message: /x has 5/ });
  t.throws(() => csrTimesDense(csr, new Float32Array(6), 2, new Float32Array(7)), { message: /y has 7/ });
  t.throws(() => sampledProduct(csr, new Float32Array(8), new Float32Array(6), 2, new Float32Array(3)), {
    message: /out has 3/,
  });
});

// Products of compressed rows in GPU.js, in every mode that this machine has, against loops in float64.
import test from 'ava';
import { eachWeight } from '../../src/index.ts';
import { randomValues } from '../support.ts';
import { inEveryMode, randomCsr, withinBound } from './support.ts';

const shapes = [
  { rows: 30, columns: 50, n: 16, density: 0.2 },
  { rows: 7, columns: 9, n: 3, density: 1 },
  { rows: 5, columns: 6, n: 4, density: 0 },
  { rows: 12, columns: 40, n: 1, density: 0.3 },
  { rows: 0, columns: 6, n: 4, density: 1 },
  { rows: 6, columns: 0, n: 4, density: 1 },
  // Enough outputs for the threads of webasm, a width that no vector divides.
  { rows: 150, columns: 60, n: 35, density: 0.1 },
];

for (const { rows, columns, n, density } of shapes)
  inEveryMode(`${rows} x ${columns} at density ${density} times ${n} columns, and its gradients`, async (t, gpu) => {
    const matrix = randomCsr(rows, columns, density);
    const [x, dy, bias] = [randomValues(columns * n, 3), randomValues(rows * n, 4), randomValues(rows, 5)];
    const y = Float64Array.from({ length: rows * n }, (_, i) => bias[Math.floor(i / n)]);
    const dx = new Float64Array(columns * n);
    const dw = new Float64Array(matrix.values.length);
    eachWeight(matrix, (row, column, value, index) => {
      for (let k = 0; k < n; k++) {
        y[row * n + k] += value * x[column * n + k];
        dx[column * n + k] += value * dy[row * n + k];
        dw[index] += dy[row * n + k] * x[column * n + k];
      }
    });
    const product = gpu.product(matrix, n, { bias, relu: true });
    const [transposed, sampled] = [gpu.transposedProduct(matrix, n), gpu.sampledProduct(matrix, n)];
    const found = await gpu
      .program((input, gradient) => ({
        y: product(input),
        dx: transposed(gradient),
        dw: sampled(gradient, input),
      }))
      .run(x, dy);
    withinBound(t, found, { y: y.map((value) => Math.max(0, value)), dx, dw });
  });

inEveryMode('no bias, no ReLU; weights given with each run', async (t, gpu) => {
  const [rows, columns, n] = [20, 30, 8];
  const matrix = randomCsr(rows, columns, 0.4);
  const product = gpu.product(matrix, n);
  const transposed = gpu.transposedProduct(matrix, n);
  const program = gpu.program((x, dy, values) => ({ y: product(x, values), dx: transposed(dy, values) }));
  for (const seed of [6, 7]) {
    const [x, dy] = [randomValues(columns * n, seed), randomValues(rows * n, seed + 10)];
    const values = randomValues(matrix.values.length, seed + 20);
    const [y, dx] = [new Float64Array(rows * n), new Float64Array(columns * n)];
    eachWeight({ ...matrix, values }, (row, column, value) => {
      for (let k = 0; k < n; k++) {
        y[row * n + k] += value * x[column * n + k];
        dx[column * n + k] += value * dy[row * n + k];
      }
    });
    const found = await program.run(x, dy, values);
    withinBound(t, found, { y, dx });
  }
});

test('the matrices are what their names say', (t) => {
  t.is(randomCsr(7, 9, 1).values.length, 63);
  t.is(randomCsr(5, 6, 0).values.length, 0);
});

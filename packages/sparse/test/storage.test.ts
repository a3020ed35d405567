import type { ParameterArray } from '@prunebench/core';
import test, { type ExecutionContext } from 'ava';
import {
  bsrBytes,
  bsrFromKernel,
  csrBytes,
  csrFromKernel,
  densityOf,
  kernelFromBsr,
  kernelFromCsr,
  maskOfCsr,
  transposeCsr,
} from '../src/index.ts';

const shapes = [
  [6, 5],
  [1, 1],
  [3, 3, 4, 7],
  [5, 5, 1, 3],
  [4, 0],
  [0, 4],
  [2, 2, 0, 3],
];
const densities = [0, 0.1, 0.5, 1];

/** Values that are never 0, and a mask of this density; every third kept value becomes 0 to see that it is kept. */
function randomKernel(shape: readonly number[], density: number, seed: number) {
  let state = seed * 7919 + 17;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const size = shape.reduce((product, length) => product * length, 1);
  const mask = Uint8Array.from({ length: size }, () => (random() < density ? 1 : 0));
  const values = Float32Array.from(mask, (kept, i) => (kept && i % 3 !== 0 ? random() - 2 : 0));
  return { kernel: { shape, values } satisfies ParameterArray, mask };
}

function eachCase(body: (kernel: ParameterArray, mask: Uint8Array, name: string) => void): void {
  for (const [seed, shape] of shapes.entries())
    for (const density of densities) {
      const { kernel, mask } = randomKernel(shape, density, seed);
      body(kernel, mask, `[${shape}] at ${density}`);
    }
}

function sum(values: ArrayLike<number>): number {
  return Array.from(values).reduce((total, value) => total + value, 0);
}

test('compressed rows give back kernel and mask, with or without a mask', (t) => {
  eachCase((kernel, mask, name) => {
    const matrix = csrFromKernel(kernel, mask);
    t.deepEqual(kernelFromCsr(matrix, kernel.shape), kernel, name);
    t.deepEqual(maskOfCsr(matrix), mask, name);
    t.is(matrix.values.length, sum(mask), name);
    t.deepEqual(kernelFromCsr(csrFromKernel(kernel), kernel.shape), kernel, name);
  });
});

test('compressed rows list the inputs of every output in ascending order', (t) => {
  // Outputs 0 and 1 of a dense kernel [3, 2]: output 0 reads inputs 0 and 2, output 1 reads input 1.
  const kernel = { shape: [3, 2], values: Float32Array.of(5, 0, 0, 6, 7, 0) };
  const matrix = csrFromKernel(kernel);
  t.deepEqual([...matrix.rowStarts], [0, 2, 3]);
  t.deepEqual([...matrix.columnIndices], [0, 2, 1]);
  t.deepEqual([...matrix.values], [5, 7, 6]);
  t.is(csrBytes(matrix), 4 * (3 + 3 + 3));
  t.is(densityOf(matrix), 0.5);
});

test('the transposed matrix holds the same weights, and says where they stood', (t) => {
  eachCase((kernel, mask, name) => {
    const matrix = csrFromKernel(kernel, mask);
    const { matrix: transposed, places } = transposeCsr(matrix);
    const dense = (m: typeof matrix) => {
      const rows = Array.from({ length: m.rows }, () => Array<number>(m.columns).fill(0));
      for (let r = 0; r < m.rows; r++)
        for (let i = m.rowStarts[r]; i < m.rowStarts[r + 1]; i++) rows[r][m.columnIndices[i]] = m.values[i];
      return rows;
    };
    const original = dense(matrix);
    t.deepEqual(
      dense(transposed),
      Array.from({ length: matrix.columns }, (_, c) => original.map((row) => row[c])),
      name,
    );
    t.deepEqual(
      [...places].map((place) => matrix.values[place]),
      [...transposed.values],
      name,
    );
  });
});

function blocksOf(t: ExecutionContext, height: number, width: number): void {
  eachCase((kernel, mask, name) => {
    const matrix = bsrFromKernel(kernel, { height, width }, mask);
    t.deepEqual(kernelFromBsr(matrix, kernel.shape), kernel, `${name}, blocks of ${height} x ${width}`);
    // Counted over the dense mask: blocks in which something is kept.
    const rows = kernel.shape.at(-1)!;
    const seen = new Set<string>();
    for (const [i, kept] of mask.entries())
      if (kept) seen.add(`${Math.floor((i % rows) / height)},${Math.floor(Math.floor(i / rows) / width)}`);
    t.is(matrix.columnIndices.length, seen.size, name);
    t.is(bsrBytes(matrix), 4 * (Math.ceil(rows / height) + 1 + seen.size * (1 + height * width)), name);
  });
}

test('blocks of 4 x 1 give back the kernel', (t) => blocksOf(t, 4, 1));
test('blocks of 2 x 3 give back the kernel', (t) => blocksOf(t, 2, 3));
test('blocks larger than the matrix give back the kernel', (t) => blocksOf(t, 16, 16));

test('a mask or a shape of another size is refused', (t) => {
  const kernel = { shape: [2, 2], values: new Float32Array(4) };
  t.throws(() => csrFromKernel(kernel, new Uint8Array(3)), { message: /mask of 3/ });
  t.throws(() => csrFromKernel({ shape: [2, 3], values: new Float32Array(4) }), { message: /4 values/ });
  t.throws(() => kernelFromCsr(csrFromKernel(kernel), [4, 1]), { message: /no kernel of shape/ });
  t.throws(() => bsrFromKernel(kernel, { height: 0, width: 1 }), { message: /empty/ });
});

// Programs of several operations: what stays on the device, and what is refused.
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { type CsrMatrix, eachWeight, gpuModes, SparseGpu } from '../../src/index.ts';
import { randomValues } from '../support.ts';
import { copiesToHost, inEveryMode, randomCsr, withinBound } from './support.ts';

test('WebAssembly and plain JavaScript are always there', async (t) => {
  const running = (await gpuModes()).filter(({ obstacle }) => obstacle === undefined).map(({ mode }) => mode);
  t.true(running.includes('webasm'));
  t.true(running.includes('cpu'));
});

for (const { mode, obstacle } of await gpuModes())
  if (obstacle !== undefined)
    test(`a machine without ${mode} says so, and what to do`, async (t) => {
      const error = (await t.throwsAsync(SparseGpu.create(mode), { instanceOf: PrunebenchError }))!;
      t.true(error.message.includes(`"${mode}"`) && error.message.includes(obstacle));
      t.truthy((error as PrunebenchError).remedy);
    });

const times = (matrix: CsrMatrix, x: ArrayLike<number>, n: number) => {
  const y = new Float64Array(matrix.rows * n);
  eachWeight(matrix, (row, column, value) => {
    for (let k = 0; k < n; k++) y[row * n + k] += value * x[column * n + k];
  });
  return y;
};

const executors = {
  webgpu: ['fused-encoder'],
  headlessgl: ['generic'],
  webasm: ['fused-threaded', 'fused-sync'],
  cpu: ['generic'],
};

inEveryMode('a training step of two layers reads back nothing but its gradients', async (t, gpu) => {
  const n = 40;
  const [first, second] = [randomCsr(120, 30, 0.3), randomCsr(6, 120, 0.5)];
  const [x, dy] = [randomValues(30 * n, 6), randomValues(6 * n, 7)];
  const hidden = times(first, x, n).map((value) => Math.max(0, value));
  const output = times(second, hidden, n);
  const dHidden = new Float64Array(120 * n);
  const dw2 = new Float64Array(second.values.length);
  eachWeight(second, (row, column, value, index) => {
    for (let k = 0; k < n; k++) {
      if (hidden[column * n + k] > 0) dHidden[column * n + k] += value * dy[row * n + k];
      dw2[index] += dy[row * n + k] * hidden[column * n + k];
    }
  });
  const dw1 = new Float64Array(first.values.length);
  eachWeight(first, (row, column, _value, index) => {
    for (let k = 0; k < n; k++) dw1[index] += dHidden[row * n + k] * x[column * n + k];
  });

  const [forward1, forward2] = [gpu.product(first, n, { relu: true }), gpu.product(second, n)];
  const [backward2, relu] = [gpu.transposedProduct(second, n), gpu.reluGradient(120 * n)];
  const [gradient1, gradient2] = [gpu.sampledProduct(first, n), gpu.sampledProduct(second, n)];
  const program = gpu.program((input, gradient) => {
    const h = forward1(input);
    const dh = relu(backward2(gradient), h);
    return { output: forward2(h), dw1: gradient1(dh, input), dw2: gradient2(gradient, h) };
  });
  await program.run(x, dy);
  const copies = await copiesToHost(gpu.mode, async () => {
    const found = await program.run(x, dy);
    withinBound(t, found, { output, dw1, dw2 });
  });
  t.true(executors[gpu.mode].includes(program.executor), program.executor);
  // Only the three results: the hidden layer and its gradient, 19200 bytes each, stay.
  const results = [output, dw1, dw2].map(({ length }) => 4 * length);
  if (gpu.mode === 'webgpu') {
    const bytes = results.reduce((sum, length) => sum + length);
    t.is(copies!.length, 1);
    t.true(copies![0] >= bytes && copies![0] < bytes + 100, `${copies}`);
  }
  if (gpu.mode === 'headlessgl') t.is(copies!.length, results.length);
});

inEveryMode('what does not fit is refused', async (t, gpu) => {
  const refused = { instanceOf: PrunebenchError };
  const matrix = randomCsr(4, 5, 0.5);
  const product = gpu.product(matrix, 2);
  t.throws(() => gpu.product(matrix, 0), refused, 'no columns');
  t.throws(() => gpu.product(matrix, 2, { bias: new Float32Array(5) }), refused, 'bias');
  const twice = gpu.program((x) => ({ y: product(product(x)) }));
  await t.throwsAsync(twice.run(new Float32Array(10)), { ...refused, message: /8 elements cannot be x, which has 10/ });
  const program = gpu.program((x) => ({ y: product(x) }));
  await t.throwsAsync(program.run(new Float32Array(9)), { ...refused, message: /Input 0 has 9 elements, not 10/ });
  await t.throwsAsync(program.run(new Float32Array(10), new Float32Array(1)), refused, 'one input too many');
  t.is((await program.run(new Float32Array(10))).y.length, 8);
  const shape = { height: 3, width: 3, channels: 1, kernelSize: [2, 3], padding: 'valid' } as const;
  t.throws(() => gpu.convolution(matrix, shape, 2), { ...refused, message: /4 x 5 matrix is no 2 x 3 convolution/ });
  t.throws(() => gpu.convolution(randomCsr(4, 6, 1), { ...shape, height: 1 }, 2), refused, 'window');
  const wide = gpu.product(randomCsr(1, 1, 1), 2 ** 24 + 1);
  const tooWide = gpu.program((x) => ({ y: wide(x) }));
  await t.throwsAsync(tooWide.run(new Float32Array(1)), { ...refused, message: /can address 16777216/ });
});

test.serial('no mode but the one asked for computes anything', async (t) => {
  const gpu = await SparseGpu.create('cpu');
  const product = gpu.product(randomCsr(3, 3, 1), 1);
  const other = await SparseGpu.create('webasm');
  await t.throwsAsync(other.program((x) => ({ y: product(x) })).run(new Float32Array(3)), { message: /same GPU/ });
  await Promise.all([gpu, other].map((one) => one.dispose()));
});

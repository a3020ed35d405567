import { performance } from 'node:perf_hooks';
import { randomStream } from '@prunebench/core';
import { csrFromKernel, type GpuMode, gpuModes, provideNavigatorGpu, SparseGpu } from '@prunebench/sparse';
import * as tf from '@tensorflow/tfjs-core';
import { ratioColumns, type SparseRow } from './sparse-rows.ts';
import { type Contestant, milliseconds, ours, ratioOf, takeTurns } from './sparse-turns.ts';

const size = { rows: 300, columns: 784, n: 128 } as const;

/** The modes of GPU.js that run here. */
export async function availableModes(): Promise<readonly GpuMode[]> {
  await provideNavigatorGpu();
  return (await gpuModes()).filter(({ available }) => available).map(({ mode }) => mode);
}

/**
 * GPU.js's product of compressed rows with a batch against the native dense product: the batch is uploaded and the result read
 * back every time, because that is what a single product costs there.
 */
export async function measureGpuMode(
  mode: GpuMode,
  sparsity: number,
  threads: number,
  rounds: number,
): Promise<SparseRow> {
  const { rows, columns, n } = size;
  const random = randomStream(0, 'gpu');
  const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
  const mask = Uint8Array.from({ length: rows * columns }, () => (random.uniform() < 1 - sparsity ? 1 : 0));
  const kernel = { shape: [columns, rows], values: normals(rows * columns).map((value, i) => value * mask[i]) };
  const matrix = csrFromKernel(kernel, mask);
  const x = normals(columns * n);
  const gpu = new SparseGpu(mode);
  const product = gpu.product(matrix, n);
  const [a, b] = [
    tf.tidy(() => tf.transpose(tf.tensor2d(kernel.values, [columns, rows]))),
    tf.tensor2d(x, [columns, n]),
  ];
  const slices = await takeTurns(
    {
      gpu: awaited(async () => gpu.read(await product(x))),
      dense: ours(() => tf.matMul(a, b).dispose()),
    },
    rounds,
  );
  tf.dispose([a, b]);
  await gpu.dispose();
  const own = slices.gpu!;
  return {
    what: 'product',
    name: `${rows}x${columns}`,
    batchSize: n,
    threads,
    sparsity,
    format: `gpu.js ${mode}`,
    ourMilliseconds: milliseconds(own)!,
    denseMilliseconds: milliseconds(slices.dense),
    torchMilliseconds: null,
    torchSparseMilliseconds: null,
    scipyMilliseconds: null,
    theoretical: (rows * columns) / matrix.values.length,
    ...ratioColumns(ratioOf(slices.dense, own), null, null, null),
  };
}

function awaited(run: () => Promise<unknown>): Contestant {
  return async (repeats) => {
    const seconds: number[] = [];
    for (let i = 0; i < repeats; i++) {
      const start = performance.now();
      await run();
      seconds.push((performance.now() - start) / 1e3);
    }
    return seconds;
  };
}

import { csrTimesDense, setThreads } from '@prunebench/backend-native';
import { randomStream } from '@prunebench/core';
import { csrFromKernel } from '@prunebench/sparse';
import * as tf from '@tensorflow/tfjs-core';
import type { SparsePeer } from './sparse-peer.ts';
import { ratioColumns, type SparseRow } from './sparse-rows.ts';
import { faster, milliseconds, ours, ratioOf, takeTurns, theirs } from './turns.ts';

interface Size {
  readonly rows: number;
  readonly columns: number;
  readonly n: number;
}

/** Layers of LeNet-300-100 and VGG-16 (as a product over its windows), a square in between, and other batches. */
export const productSizes: readonly Size[] = [
  { rows: 100, columns: 300, n: 128 },
  { rows: 300, columns: 784, n: 1 },
  { rows: 300, columns: 784, n: 16 },
  { rows: 300, columns: 784, n: 128 },
  { rows: 1024, columns: 1024, n: 128 },
  { rows: 1024, columns: 1024, n: 1024 },
  { rows: 512, columns: 4608, n: 128 },
];

/** A sparse matrix times a dense batch: our CSR, our dense product, PyTorch's dense and sparse ones, and SciPy's. */
export async function measureProduct(
  { rows, columns, n }: Size,
  sparsity: number,
  { peer, threads, rounds }: { peer: SparsePeer | undefined; threads: number; rounds: number },
): Promise<SparseRow> {
  setThreads(threads);
  const density = 1 - sparsity;
  const random = randomStream(0, 'product');
  const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
  const mask = Uint8Array.from({ length: rows * columns }, () => (random.uniform() < density ? 1 : 0));
  const kernel = { shape: [columns, rows], values: normals(rows * columns).map((value, i) => value * mask[i]) };
  const matrix = csrFromKernel(kernel, mask);
  const x = normals(columns * n);
  const y = new Float32Array(rows * n);
  const [a, b] = [
    tf.tidy(() => tf.transpose(tf.tensor2d(kernel.values, [columns, rows]))),
    tf.tensor2d(x, [columns, n]),
  ];
  const request = { job: 'product', rows, columns, n, density } as const;
  const slices = await takeTurns(
    {
      ours: ours(() => csrTimesDense(matrix, x, n, y)),
      dense: ours(() => tf.matMul(a, b).dispose()),
      torch: theirs(peer, { ...request, kind: 'dense' }),
      torchCsr: theirs(peer, { ...request, kind: 'csr' }),
      torchCoo: theirs(peer, { ...request, kind: 'coo' }),
      scipy: theirs(peer, { ...request, kind: 'scipy' }),
    },
    rounds,
  );
  tf.dispose([a, b]);
  const own = slices.ours!;
  const torchSparse = faster(slices.torchCsr, slices.torchCoo);
  return {
    what: 'product',
    name: `${rows}x${columns}`,
    batchSize: n,
    threads,
    sparsity,
    format: 'csr',
    ourMilliseconds: milliseconds(own)!,
    denseMilliseconds: milliseconds(slices.dense),
    torchMilliseconds: milliseconds(slices.torch),
    torchSparseMilliseconds: milliseconds(torchSparse),
    scipyMilliseconds: milliseconds(slices.scipy),
    theoretical: (rows * columns) / matrix.values.length,
    ...ratioColumns(
      ratioOf(slices.dense, own),
      ratioOf(slices.torch, own),
      ratioOf(torchSparse, own),
      ratioOf(slices.scipy, own),
    ),
  };
}

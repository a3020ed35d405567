import { performance } from 'node:perf_hooks';
import * as tf from '@tensorflow/tfjs-core';
import type { GemmRequest } from './side.ts';

/** What a square matrix product reaches on the backend that is selected: the best of some repeats, in GFLOP/s. */
export async function matrixProduct({ size, repeats }: Omit<GemmRequest, 'job'>): Promise<{ gflops: number }> {
  const [a, b] = [tf.randomNormal([size, size]), tf.randomNormal([size, size])];
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i <= repeats; i++) {
    const start = performance.now();
    const product = tf.matMul(a, b);
    await product.data();
    product.dispose();
    best = Math.min(best, (performance.now() - start) / 1e3);
  }
  tf.dispose([a, b]);
  return { gflops: (2 * size ** 3) / best / 1e9 };
}

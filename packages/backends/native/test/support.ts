// Shared by the tests: running a computation on two backends and comparing.
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import type { ExecutionContext } from 'ava';
import { registerNativeBackend } from '../src/index.ts';

export async function useNative(threads = 2): Promise<void> {
  await registerNativeBackend({ threads });
  await tf.setBackend('native');
}

/** Deterministic values in [-1, 1) (a linear congruential generator). */
export function randomValues(size: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: size }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

export function randomTensor(shape: number[], seed: number): tf.Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return tf.tensor(randomValues(size, seed), shape);
}

export interface Computed {
  shape: number[];
  dtype: string;
  values: Float32Array;
}

/** What a computation gives on a backend; it makes its inputs itself. */
export async function computeOn(backend: string, body: () => tf.Tensor | tf.Tensor[]): Promise<Computed[]> {
  await tf.setBackend(backend);
  const outputs = tf.tidy(() => body());
  return [outputs].flat().map((tensor) => {
    const values = Float32Array.from(tensor.dataSync());
    tensor.dispose();
    return { shape: tensor.shape, dtype: tensor.dtype, values };
  });
}

/** Fails unless all elements agree within `tolerance` times the largest expected magnitude. */
export function assertClose(
  t: ExecutionContext,
  actual: ArrayLike<number>,
  expected: ArrayLike<number>,
  tolerance: number,
  what: string,
): void {
  t.is(actual.length, expected.length, `${what}: length`);
  let scale = 0;
  for (let i = 0; i < expected.length; i++)
    if (Number.isFinite(expected[i])) scale = Math.max(scale, Math.abs(expected[i]!));
  for (let i = 0; i < expected.length; i++) {
    const [a, e] = [actual[i]!, expected[i]!];
    if (Object.is(a, e) || a === e) continue;
    const difference = Math.abs(a - e);
    if (difference <= tolerance * Math.max(scale, 1e-30)) continue;
    t.fail(`${what}: element ${i} is ${a}, expected ${e}`);
    return;
  }
  t.pass();
}

/** Fails unless all bits are equal; ava's own comparison takes seconds for a hundred thousand numbers. */
export function assertSameBits(
  t: ExecutionContext,
  actual: NodeJS.TypedArray,
  expected: NodeJS.TypedArray,
  what = '',
): void {
  const bytes = ({ buffer, byteOffset, byteLength }: NodeJS.TypedArray) => Buffer.from(buffer, byteOffset, byteLength);
  t.is(actual.length, expected.length, what);
  t.true(bytes(actual).equals(bytes(expected)), what);
}

/** Compares a computation on the native backend with the stock cpu backend's. */
export async function sameAsStock(
  t: ExecutionContext,
  what: string,
  body: () => tf.Tensor | tf.Tensor[],
  tolerance = 5e-6,
): Promise<void> {
  const expected = await computeOn('cpu', body);
  const actual = await computeOn('native', body);
  t.is(actual.length, expected.length, what);
  for (const [i, output] of expected.entries()) {
    t.deepEqual(actual[i]!.shape, output.shape, `${what}: shape of output ${i}`);
    t.is(actual[i]!.dtype, output.dtype, `${what}: type of output ${i}`);
    assertClose(t, actual[i]!.values, output.values, tolerance, `${what}, output ${i}`);
  }
}

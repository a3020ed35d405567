import { type Masks, type Network, prunableSpecs, randomStream, sizeOf } from '@prunebench/core';

/** Random values in [-1, 1). */
export function randomValues(length: number, seed: number): Float32Array {
  const stream = randomStream(seed, 'values');
  return Float32Array.from({ length }, () => 2 * stream.uniform() - 1);
}

/** Masks that keep each weight of every kernel with this probability. */
export function randomMasks(network: Network, density: number, seed = 1): Masks {
  return Object.fromEntries(
    prunableSpecs(network).map(({ name, shape }) => {
      const stream = randomStream(seed, name);
      return [name, Uint8Array.from({ length: sizeOf(shape) }, () => (stream.uniform() < density ? 1 : 0))];
    }),
  );
}

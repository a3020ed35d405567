import { createHash } from 'node:crypto';
import { randomNormal } from 'd3-random';
import { uniformFloat64 } from 'pure-rand/distribution/uniformFloat64';
import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plusFromState } from 'pure-rand/generator/xoroshiro128plus';

/**
 * A stream of random numbers that can fork sub-streams by name. A fork depends on the names on the way to it and on
 * the root seed alone, never on how many numbers were drawn before: a new consumer never shifts another one.
 */
export interface RandomStream {
  /** The stream that belongs to `name` under this one. */
  fork(name: string): RandomStream;
  /** Uniform in [0, 1). */
  uniform(): number;
  /** Uniform integer in [0, exclusiveMax). */
  integer(exclusiveMax: number): number;
  /** Gaussian. */
  normal(mean?: number, deviation?: number): number;
  /** A random order of 0 ... size - 1 (Fisher-Yates). */
  permutation(size: number): Uint32Array;
  /** `count` different ones of 0 ... size - 1, in a random order: a Fisher-Yates shuffle that stops early. */
  sample(size: number, count: number): Uint32Array;
}

/**
 * The stream of `path` under the root `seed`; equal arguments give equal streams on every machine.
 * Names are escaped, so that forking 'a/b' and forking 'a', then 'b', are different streams.
 */
export function randomStream(seed: number, path = ''): RandomStream {
  const digest = createHash('sha256').update(`${seed}\n${path}`).digest();
  const generator = xoroshiro128plusFromState([0, 4, 8, 12].map((offset) => digest.readInt32LE(offset)));
  const uniform = () => uniformFloat64(generator);
  const standardNormal = randomNormal.source(uniform)(0, 1);
  const integer = (exclusiveMax: number) => uniformInt(generator, 0, exclusiveMax - 1);
  return {
    fork: (name) => randomStream(seed, `${path}/${encodeURIComponent(name)}`),
    uniform,
    integer,
    normal: (mean = 0, deviation = 1) => mean + deviation * standardNormal(),
    permutation(size) {
      const order = inOrder(size);
      for (let last = size - 1; last > 0; last--) {
        const other = integer(last + 1);
        [order[last], order[other]] = [order[other], order[last]];
      }
      return order;
    },
    sample(size, count) {
      if (count > size) throw new RangeError(`sample: ${count} different ones of ${size}`);
      const order = inOrder(size);
      for (let at = 0; at < count; at++) {
        const other = at + integer(size - at);
        [order[at], order[other]] = [order[other], order[at]];
      }
      return order.slice(0, count);
    },
  };
}

/** 0 ... size - 1. */
function inOrder(size: number): Uint32Array {
  const order = new Uint32Array(size);
  for (let i = 0; i < size; i++) order[i] = i;
  return order;
}

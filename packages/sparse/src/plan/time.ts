import { performance } from 'node:perf_hooks';

const SAMPLES = 5;
const SAMPLE_MILLISECONDS = 0.4;

/** Milliseconds of one call: the best of several warmed samples, each of as many calls as make it long enough to measure. */
export function bestTime(call: () => void): number {
  const elapsed = (calls: number) => {
    const start = performance.now();
    for (let i = 0; i < calls; i++) call();
    return performance.now() - start;
  };
  elapsed(1);
  const calls = Math.max(1, Math.ceil(SAMPLE_MILLISECONDS / Math.max(elapsed(1), 1e-4)));
  let best = Number.POSITIVE_INFINITY;
  for (let sample = 0; sample < SAMPLES; sample++) best = Math.min(best, elapsed(calls) / calls);
  return best;
}

/** How often calls take turns. */
export interface Turns {
  readonly rounds: number;
  /** Stops after the round in which this much time has passed, but not before `LEAST_ROUNDS`; default: never. */
  readonly seconds?: number;
}

/** A median over fewer rounds is one outlier away from another number. */
export const LEAST_ROUNDS = 5;

/**
 * The milliseconds of calls that take turns, so that what else the machine does hits all alike: for each, one time a round.
 */
export function interleavedTimes(
  calls: readonly (() => void)[],
  { rounds, seconds = Number.POSITIVE_INFINITY }: Turns,
): readonly (readonly number[])[] {
  const repeats = calls.map((call) => {
    call();
    const start = performance.now();
    call();
    return Math.max(1, Math.min(1000, Math.round(5 / Math.max(performance.now() - start, 1e-3))));
  });
  const times = calls.map((): number[] => []);
  const deadline = performance.now() + 1000 * seconds;
  for (let round = 0; round < rounds && (round < LEAST_ROUNDS || performance.now() < deadline); round++)
    for (const [i, call] of calls.entries()) {
      const start = performance.now();
      for (let repeat = 0; repeat < repeats[i]; repeat++) call();
      times[i].push((performance.now() - start) / repeats[i]);
    }
  return times;
}

/** The middle value; the mean of the two middle ones of an even number. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

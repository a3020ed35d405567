import { performance } from 'node:perf_hooks';

const SAMPLE_MILLISECONDS = 0.4;
/** What else the machine does only adds time, for as long as it is at it: a call has had its chance once two samples agree. */
const AGREEMENT = 1.03;
const LEAST_SAMPLES = 3;
const MOST_SAMPLES = 15;
/** For each call, but not less than the least samples: a large network is to be compiled on a busy machine too. */
const MOST_MILLISECONDS = 50;

/** Times that were measured in turns, so that they can be compared. */
export interface BestTimes {
  readonly milliseconds: readonly number[];
  /** Whether the two best samples of every call agree: if not, something else was at work and the times hold for now at most. */
  readonly settled: boolean;
}

/** Milliseconds of each call: the best of warmed samples in which the calls take turns, each of calls enough to be measured. */
export function bestTimes(calls: readonly (() => void)[], milliseconds = MOST_MILLISECONDS): BestTimes {
  const elapsed = (call: () => void, times: number) => {
    const start = performance.now();
    for (let i = 0; i < times; i++) call();
    return performance.now() - start;
  };
  const repeats = calls.map((call) => {
    elapsed(call, 1);
    return Math.max(1, Math.ceil(SAMPLE_MILLISECONDS / Math.max(elapsed(call, 1), 1e-4)));
  });
  const samples = calls.map((): number[] => []);
  const agree = (times: readonly number[]) => {
    const [best, second] = times.toSorted((a, b) => a - b);
    return second <= AGREEMENT * best;
  };
  const deadline = performance.now() + milliseconds * calls.length;
  for (let sample = 0; sample < MOST_SAMPLES; sample++) {
    if (sample >= LEAST_SAMPLES && (samples.every(agree) || performance.now() > deadline)) break;
    for (const [i, call] of calls.entries()) {
      call(); // brings its data into the caches, where the last call's was
      samples[i].push(elapsed(call, repeats[i]) / repeats[i]);
    }
  }
  return { milliseconds: samples.map((times) => Math.min(...times)), settled: samples.every(agree) };
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
  return quantile(values, 0.5);
}

/** The value below which a share of the values lies, on the straight line between the two nearest ones (R's type 7). */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const place = share * (sorted.length - 1);
  const [below, above] = [sorted[Math.floor(place)], sorted[Math.ceil(place)]];
  return below + (place - Math.floor(place)) * (above - below);
}

import { performance } from 'node:perf_hooks';
import { max, median, min, minIndex } from 'd3-array';
import type { SparsePeer } from './sparse-peer.ts';
import type { PeerRequest } from './sparse-protocol.ts';

/** One of those that take turns: runs itself so many times and gives the seconds of each, or undefined if it cannot. */
export type Contestant = (repeats: number) => Promise<readonly number[] | undefined>;

/** Our own work, timed here. */
export function ours(run: () => void): Contestant {
  return async (repeats) => {
    const seconds: number[] = [];
    for (let i = 0; i < repeats; i++) {
      const start = performance.now();
      run();
      seconds.push((performance.now() - start) / 1e3);
    }
    return seconds;
  };
}

/** The peer's work. */
export function theirs(peer: SparsePeer | undefined, request: PeerRequest): Contestant {
  return async (repeats) => peer?.time(request, repeats);
}

/** Our own work that has to be waited for, timed here. */
export function awaited(run: () => Promise<unknown>): Contestant {
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

/** Time that one contestant works before it is the next one's turn; longer ones are steadier, shorter ones share the noise. */
const SLICE_SECONDS = 0.03;
/** Repetitions of a slice that count, at least and at most. */
const [FEWEST, MOST] = [2, 2000];

/**
 * For each contestant the median seconds of its slices, one a round; null for those that cannot do the work. The first slice
 * warms up and sets how often the work is repeated. In every slice the first repetition does not count: it meets the caches
 * as the one before left them, and that one's threads, which wait for more work on the processor (OpenMP's do).
 */
export async function takeTurns<Name extends string>(
  contestants: Readonly<Record<Name, Contestant>>,
  rounds: number,
  sliceSeconds = SLICE_SECONDS,
): Promise<Record<Name, readonly number[] | null>> {
  const isName = (name: string): name is Name => Object.hasOwn(contestants, name);
  const names = Object.keys(contestants).filter(isName);
  const repeats = new Map<Name, number>();
  for (const name of names) {
    const warmUp = await contestants[name](3);
    if (warmUp) repeats.set(name, Math.max(FEWEST, Math.min(MOST, Math.round(sliceSeconds / min(warmUp)!))));
  }
  const slices = new Map<Name, number[]>([...repeats.keys()].map((name) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const [name, count] of repeats)
      slices.get(name)!.push(median((await contestants[name](count + 1))!.slice(1))!);
  return byName(names, (name) => slices.get(name) ?? null);
}

/** An object with one entry for each of these names. */
function byName<Name extends string, T>(names: readonly Name[], entryOf: (name: Name) => T): Record<Name, T> {
  const made: Partial<Record<Name, T>> = {};
  for (const name of names) made[name] = entryOf(name);
  const isComplete = (entries: Partial<Record<Name, T>>): entries is Record<Name, T> =>
    names.every((name) => name in entries);
  if (isComplete(made)) return made;
  throw new Error(`There is no entry for one of ${names.join(', ')}.`);
}

export interface Ratio {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Other's time / ours, round by round. */
export function ratioOf(other: readonly number[] | null, own: readonly number[]): Ratio | null {
  if (!other) return null;
  const ratios = other.map((seconds, round) => seconds / own[round]);
  return { median: median(ratios)!, min: min(ratios)!, max: max(ratios)! };
}

export function milliseconds(slices: readonly number[] | null): number | null {
  return slices && 1e3 * median(slices)!;
}

/** The name of the contestant that is fastest by its median; of equals the first, null where none could do the work. */
export function fastest<Name extends string>(
  slices: Readonly<Record<string, readonly number[] | null>>,
  names: readonly Name[],
): Name | null {
  const able = names.filter((name) => slices[name]);
  return able[minIndex(able, (name) => median(slices[name]!))] ?? null;
}

/** Whichever is faster by its median. */
export function faster(a: readonly number[] | null, b: readonly number[] | null): readonly number[] | null {
  const slices = { a, b };
  const name = fastest(slices, ['a', 'b']);
  return name && slices[name];
}

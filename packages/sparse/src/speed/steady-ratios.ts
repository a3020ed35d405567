import { STEADY_SPREAD } from '@prunebench/core';

/** Milliseconds of two calls that took turns, one of each a round. */
export type PairedTimes = readonly [base: readonly number[], other: readonly number[]];

/** Their ratios, round by round. */
export function ratiosOf([base, other]: PairedTimes): readonly number[] {
  return base.map((time, round) => time / other[round]);
}

/** How often a comparison is made before its scatter is believed to be the machine's. */
const TRIES = 3;

/**
 * The first comparison whose highest ratio is at most `STEADY_SPREAD` times its lowest; where none of three is, the one that
 * comes nearest.
 */
export function steadyTimes(compare: () => PairedTimes): PairedTimes {
  let best = compare();
  for (let tries = 1; tries < TRIES && spreadOf(best) > STEADY_SPREAD; tries++) {
    const next = compare();
    if (spreadOf(next) < spreadOf(best)) best = next;
  }
  return best;
}

function spreadOf(times: PairedTimes): number {
  const ratios = ratiosOf(times);
  return Math.max(...ratios) / Math.min(...ratios);
}

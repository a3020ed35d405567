import { PrunebenchError } from '../errors.ts';
import type { Schedule } from './prune-options.ts';

/**
 * The cumulative sparsities through which `schedule` goes; they rise strictly and the last is `target` exactly.
 *
 * - `one-shot`: the target alone.
 * - `iterative`: 1 - (1 - rate)^k (Han et al. 2015; Frankle & Carbin 2019). The values do not depend on the target, so
 *   that trials with different targets share their first rounds.
 * - `cubic`: target * (1 - (1 - k/n)^3) (Zhu & Gupta 2017, equation 1, from a dense start).
 * - `exponential`: 1 - (1 - target)^(k/n) (Tanaka et al. 2020, algorithm 1).
 *
 * @throws PrunebenchError for a target outside [0, 1)
 */
export function sparsitySteps(schedule: Schedule, target: number): number[] {
  if (!(target >= 0 && target < 1))
    throw new PrunebenchError(`A sparsity of ${target} is not in [0, 1).`, {
      remedy: 'Give the share of the prunable weights that is removed, for example 0.9.',
    });
  if (target === 0) return [0];
  return [...before(schedule, target), target];
}

function before(schedule: Schedule, target: number): number[] {
  switch (schedule.kind) {
    case 'one-shot':
      return [];
    case 'iterative': {
      const steps: number[] = [];
      // The margin keeps a round that would hit the target but for rounding from being followed by an empty one.
      for (let k = 1; ; k++) {
        const sparsity = 1 - (1 - schedule.rate) ** k;
        if (sparsity >= target - 1e-12) return steps;
        steps.push(sparsity);
      }
    }
    case 'cubic':
      return rounds(schedule.rounds).map((share) => target * (1 - (1 - share) ** 3));
    case 'exponential':
      return rounds(schedule.rounds).map((share) => 1 - (1 - target) ** share);
  }
}

/** 1/n, 2/n, ..., (n-1)/n */
function rounds(n: number): number[] {
  return Array.from({ length: n - 1 }, (_, k) => (k + 1) / n);
}

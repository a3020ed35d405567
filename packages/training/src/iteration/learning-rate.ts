import type { TrainOptions } from '@prunebench/core';

type RateOptions = Pick<TrainOptions, 'learningRate' | 'schedule' | 'warmup'>;

/**
 * The learning rate of step `step` (0, 1, ..., `totalSteps` - 1).
 *
 * Warm-up (Goyal et al. 2017) multiplies the schedule, which runs on below it: over the first `warmup` share of the W = round(warmup * totalSteps)
 * steps the factor is 1/W, 2/W, ..., 1, so that no step is spent at rate 0.
 */
export function learningRateAt(
  { learningRate, schedule, warmup }: RateOptions,
  step: number,
  totalSteps: number,
): number {
  const warmupSteps = Math.round(warmup * totalSteps);
  const rise = step < warmupSteps ? (step + 1) / warmupSteps : 1;
  return learningRate * rise * factorAt(schedule, step, totalSteps);
}

function factorAt(schedule: TrainOptions['schedule'], step: number, totalSteps: number): number {
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'step':
      return schedule.factor ** schedule.boundaries.filter((share) => step >= Math.round(share * totalSteps)).length;
    // The final factor would be reached at step totalSteps.
    case 'linear': {
      const share = Math.max(0, step / totalSteps - schedule.from) / (1 - schedule.from);
      return 1 + (schedule.finalFactor - 1) * share;
    }
    // Loshchilov & Hutter 2017, equation 5, without restarts; the final factor would be reached at step totalSteps.
    case 'cosine':
      return cosine(1, schedule.finalFactor, step / totalSteps);
    // Smith & Topin 2018 with cosine arcs, laid out over the steps as in PyTorch's OneCycleLR: the first and the last step
    // have exactly the start and final factor. In a training of very few steps the top lies before the first, as there.
    case 'one-cycle': {
      const top = schedule.peak * totalSteps - 1;
      if (step < top) return cosine(schedule.startFactor, 1, step / top);
      const fall = totalSteps - 1 - top;
      return cosine(1, schedule.finalFactor, fall > 0 ? (step - top) / fall : 0);
    }
  }
}

/** From `start` (share 0) to `end` (share 1) along half a cosine. */
function cosine(start: number, end: number, share: number): number {
  return end + ((start - end) * (1 + Math.cos(Math.PI * share))) / 2;
}

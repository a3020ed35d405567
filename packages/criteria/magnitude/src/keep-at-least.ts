import type { Masks, Scores } from '@prunebench/core';

/** Masks of the weights that are still there and whose score reaches their kernel's cut. A score equal to the cut stays. */
export function keepAtLeast(scores: Scores, masks: Masks, cut: (kernel: string) => number): Masks {
  return Object.fromEntries(
    Object.entries(scores).map(([name, kernelScores]) => {
      const threshold = cut(name);
      const before = masks[name];
      return [name, Uint8Array.from(kernelScores, (score, i) => (before?.[i] !== 0 && score >= threshold ? 1 : 0))];
    }),
  );
}

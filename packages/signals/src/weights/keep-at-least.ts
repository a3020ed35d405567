import type { Masks, Scores } from '@prunebench/core';

/** Masks of the weights that are still there and whose score reaches their kernel's cut. A score equal to the cut stays. */
export function keepAtLeast(scores: Scores, masks: Masks, cut: (kernel: string) => number): Masks {
  return Object.fromEntries(
    Object.entries(scores).map(([name, kernelScores]) => {
      const threshold = cut(name);
      const mask = masks[name]?.slice() ?? new Uint8Array(kernelScores.length).fill(1);
      for (let i = 0; i < mask.length; i++) if (kernelScores[i] < threshold) mask[i] = 0;
      return [name, mask];
    }),
  );
}

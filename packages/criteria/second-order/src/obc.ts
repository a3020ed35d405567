/**
 * Optimal brain compression: every output unit keeps its own output on the calibration inputs X as well as it can,
 *
 *     H = (2/N) XXᵀ + λI,       remove argmin_p w_p² / [H⁻¹]_pp, update the unit's weights, downdate H⁻¹, to the end
 *
 * Frantar, Singh & Alistarh, "Optimal brain compression: a framework for accurate post-training quantization and pruning", NeurIPS
 * 2022, algorithms 1 and 2. The units' traces of losses are merged (a trace need not rise: see `merging`), and a mask is filled in by
 * w_K ← w_K + (H_KK)⁻¹ H_KQ w_Q with Q the removed and K the kept weights of a unit. Losses are mean squared errors of a layer's
 * output, so layers compare only roughly: use scope `layerwise`.
 */
import { defineCriterion } from '@prunebench/core';
import { patchLimit } from '@prunebench/signals';
import { z } from 'zod';
import { fromCurvature } from './surgery/from-curvature.ts';
import {
  layerProblems,
  reconstructionCompensation,
  reconstructionScores,
  requireReconstructionMemory,
} from './surgery/layer-reconstruction.ts';
import { memoryLimit } from './surgery/memory.ts';
import { removalOrderScores, sortedLossScores } from './surgery/removal-order.ts';

const options = z.strictObject({
  samples: z.int().positive().default(1000).describe('calibration examples, N'),
  relativeDamping: z.number().positive().default(0.01).describe('λ as a share of the mean diagonal of H in the layer'),
  merging: z
    .enum(['running-maximum', 'sorted-losses'])
    .default('running-maximum')
    .describe(
      "how the units' losses compete: a removal costs no less than those before it (algorithm 2), or the t-th removal the unit's t-th smallest loss (the authors' program)",
    ),
  maximumPatches: patchLimit,
  memoryLimit,
});

export const obc = defineCriterion({
  id: 'obc',
  title: 'Optimal brain compression (exact layer-wise OBS)',
  citation: 'frantar2022obc',
  taxonomy: 'second-order',
  options,
  granularity: ['weight'],
  needs: ['activations'],
  when: 'trained',
  deviations: [
    "The program merges the units' losses as they are, and takes from each unit as many of its first removals as it has losses below the common threshold: `merging: 'sorted-losses'`. The default's error of the layer was 0 to 8 % lower where both were compared.",
    'The program has no damping unless asked for, and biases do not compensate; here the damping is 1 % of the mean diagonal, and they do.',
  ],
  checkMemory: (network, { memoryLimit }) => requireReconstructionMemory('obc', { network }, memoryLimit),
  ...fromCurvature({
    curvature(subject, chosen: z.output<typeof options>) {
      requireReconstructionMemory('obc', subject, chosen.memoryLimit);
      return layerProblems(subject, chosen, 2);
    },
    scores: (problems, subject, { merging }) =>
      reconstructionScores(subject, problems(), merging === 'sorted-losses' ? sortedLossScores : removalOrderScores),
    compensation: (problems, subject, masks) => reconstructionCompensation(subject, masks, problems()),
  }),
});

import { defineCriterion, type Masks, type ParameterRecord, type Scores, type Subject } from '@prunebench/core';
import { z } from 'zod';
import { patchLimit } from './input-grams.ts';
import {
  layerProblems,
  reconstructionBytes,
  reconstructionCompensation,
  reconstructionScores,
} from './layer-reconstruction.ts';
import { memoryLimit, requireMemory } from './memory.ts';
import { removalOrderScores, sortedLossScores } from './removal-order.ts';

// Per output unit: H = (2/N) XXᵀ + λI, remove argmin w_p² / [H⁻¹]_pp, update the unit's weights, downdate H⁻¹, to the end.
// The units' traces of losses are merged (a trace need not rise: see `merging`), and a mask is filled in by w_K += (H_KK)⁻¹ H_KQ w_Q.
// E. Frantar, S. P. Singh, D. Alistarh (2022), algorithms 1 and 2.

export const obcOptions = z.strictObject({
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
export type ObcOptions = z.output<typeof obcOptions>;

export const obc = defineCriterion<ObcOptions>({
  id: 'obc',
  title: 'Optimal brain compression (exact layer-wise OBS)',
  citation: {
    authors: 'Frantar, Singh, Alistarh',
    title: 'Optimal Brain Compression: A Framework for Accurate Post-Training Quantization and Pruning',
    year: 2022,
    venue: 'NeurIPS 2022',
    url: 'https://arxiv.org/abs/2208.11580',
  },
  taxonomy: 'second-order',
  options: obcOptions as z.ZodType<ObcOptions>,
  granularity: ['weight'],
  needs: ['activations'],
  when: 'trained',
  deviations: [
    "The program merges the units' losses as they are, and takes from each unit as many of its first removals as it has losses below the common threshold: `merging: 'sorted-losses'`. The default's error of the layer was 0 to 8 % lower where both were compared.",
    'The program has no damping unless asked for, and biases do not compensate; here the damping is 1 % of the mean diagonal, and they do.',
  ],
  score: obcScores,
  compensate: obcCompensation,
});

/** The merged traces of all units. Losses are mean squared errors of a layer's output, so layers compare only roughly. */
export async function obcScores(subject: Subject, options: ObcOptions): Promise<Scores> {
  checkMemory(subject, options);
  const merge = options.merging === 'sorted-losses' ? sortedLossScores : removalOrderScores;
  return reconstructionScores(subject, layerProblems(subject, options, 2), merge);
}

/** Every unit's remaining weights (and bias) at the damped least-squares fit to its old output. */
export async function obcCompensation(subject: Subject, masks: Masks, options: ObcOptions): Promise<ParameterRecord> {
  checkMemory(subject, options);
  return reconstructionCompensation(subject, masks, layerProblems(subject, options, 2));
}

function checkMemory(subject: Subject, { memoryLimit }: ObcOptions): void {
  requireMemory(
    'obc',
    reconstructionBytes(subject),
    memoryLimit,
    "Use obs-block or woodfisher, whose blocks do not grow with a layer's inputs, or raise memoryLimit.",
  );
}

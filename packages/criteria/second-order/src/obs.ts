import { defineCriterion, type Masks, type ParameterRecord, type Scores, type Subject } from '@prunebench/core';
import { z } from 'zod';
import { quadraticModel, surgeryCompensation, surgeryScores } from './block-surgery.ts';
import { memoryLimit, requireMemory } from './memory.ts';
import { gradientBytes, rowsPerSample, sampleGradients } from './sample-gradients.ts';
import { outputs } from './surgeon-options.ts';
import { emptyScores, type WeightBlock, wholeNetworkBlock } from './weight-block.ts';
import { weightLayers } from './weight-layers.ts';

// H = αI + (1/P) Σ_k Σ_c g_kc g_kcᵀ, L_q = w_q² / (2 [H⁻¹]_qq), δw = -(w_q / [H⁻¹]_qq) H⁻¹ e_q.
// With half squared error g_kc = ∂o_c/∂w, the paper's X; with softmax cross-entropy g_kc = √p_c ∇(-log p_c), which is the
// exact Gauss-Newton matrix Jᵀ(diag p - p pᵀ)J. B. Hassibi, D. G. Stork (1993), equations 5, 9 and 12.

export const obsOptions = z.strictObject({
  samples: z.int().positive().default(1000).describe('calibration examples, P'),
  outputs: outputs.default('all'),
  damping: z.number().positive().default(1e-6).describe('α; the paper takes 1e-8 to 1e-4'),
  inversion: z
    .enum(['recursion', 'cholesky'])
    .default('recursion')
    .describe(
      "recursion: the paper's, one rank-one update per gradient; cholesky: the same inverse, faster for many gradients",
    ),
  memoryLimit,
});
export type ObsOptions = z.output<typeof obsOptions>;

export const citation = {
  authors: 'Hassibi, Stork',
  title: 'Second order derivatives for network pruning: Optimal Brain Surgeon',
  year: 1993,
  venue: 'NIPS 5',
  url: 'https://papers.nips.cc/paper/1992/hash/303ed4c69846ab36c2904d3ba8573050-Abstract.html',
};

export const obs = defineCriterion<ObsOptions>({
  id: 'obs',
  title: 'Optimal brain surgeon',
  citation,
  taxonomy: 'second-order',
  options: obsOptions as z.ZodType<ObsOptions>,
  granularity: ['weight'],
  needs: ['second-derivatives', 'per-sample-gradients'],
  when: 'trained',
  score: obsScores,
  compensate: obsCompensation,
});

/**
 * The order in which optimal brain surgeon removes all weights, with H⁻¹ downdated after each, as scores: those of the
 * first k removals are the k lowest, in scope `global`. The scores are the losses L_q at removal (running maximum).
 *
 * @param biases whether biases may be removed as well, as in the paper's own networks; they are then scored too
 * @throws PrunebenchError before anything is computed if the matrices exceed `memoryLimit`
 */
export async function obsScores(subject: Subject, options: ObsOptions, biases = false): Promise<Scores> {
  const block = await obsBlock(subject, options, biases);
  return surgeryScores(
    subject,
    [block],
    () => quadraticModel(block, subject.masks, options.damping, options.inversion),
    emptyScores(weightLayers(subject.network), biases),
  );
}

/** All remaining weights and biases, moved to the minimum of the quadratic model under `masks`. */
export async function obsCompensation(subject: Subject, masks: Masks, options: ObsOptions): Promise<ParameterRecord> {
  const block = await obsBlock(subject, options, false);
  return surgeryCompensation(subject, masks, [block], () =>
    quadraticModel(block, subject.masks, options.damping, options.inversion),
  );
}

async function obsBlock(
  subject: Subject,
  { samples, outputs, memoryLimit }: ObsOptions,
  biases: boolean,
): Promise<WeightBlock> {
  requireMemory('obs', obsBytes(subject, samples, outputs), memoryLimit, REMEDY);
  return wholeNetworkBlock(await sampleGradients(subject, samples, outputs), biases);
}

const REMEDY =
  'Use a block-wise relative (obs-block, woodfisher), a layer-wise one (l-obs, obc), or obs-eigen; or a smaller network.';

/** H, H⁻¹ and the columns of its factorisation (n x n each), the gradients (rows x n), and what they are made from. */
export function obsBytes(subject: Subject, samples: number, outputs: 'all' | 'sampled'): number {
  const n = weightLayers(subject.network).reduce(
    (sum, { fanIn, units, bias }) => sum + fanIn * units + (bias === undefined ? 0 : units),
    0,
  );
  const rows = samples * rowsPerSample(outputs, subject);
  return 8 * n * (3 * n + rows) + gradientBytes(subject, samples, outputs);
}

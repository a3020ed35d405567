/**
 * Optimal brain surgeon: remove the weight whose removal costs least once all others have moved to make up for it,
 *
 *     L_q = w_q² / (2 [H⁻¹]_qq),       δw = −(w_q / [H⁻¹]_qq) H⁻¹ e_q,       H = αI + (1/P) Σ_k Σ_c g_kc g_kcᵀ
 *
 * Hassibi & Stork, "Second order derivatives for network pruning: optimal brain surgeon", NIPS 5, 1993, equations 5, 9 and 12.
 * With half squared error g_kc = ∂o_c/∂w, the paper's X; with softmax cross-entropy g_kc = √p_c ∇(−log p_c), which is the
 * exact Gauss-Newton matrix Jᵀ(diag p − p pᵀ)J.
 *
 * Scores are the order in which all weights go, with H⁻¹ downdated after each: those of the first k removals are the k lowest, in
 * scope `global`. They are the losses L_q at removal (running maximum). Compensation moves all remaining weights and biases to
 * the minimum of the quadratic model.
 */
import { defineCriterion, type Masks, type ParameterRecord, type Scores, type Subject } from '@prunebench/core';
import { gradientBytes, rowsPerSample, sampleGradients, weightLayers } from '@prunebench/signals';
import { z } from 'zod';
import { quadraticModel, surgeryCompensation, surgeryScores } from './surgery/block-surgery.ts';
import { fromCurvature } from './surgery/from-curvature.ts';
import type { QuadraticModel } from './surgery/group-update.ts';
import { memoryLimit, requireMemory, type Shapes } from './surgery/memory.ts';
import { outputs } from './surgery/options.ts';
import { emptyScores, type WeightBlock, wholeNetworkBlock } from './surgery/weight-block.ts';

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

export const obs = defineCriterion({
  id: 'obs',
  title: 'Optimal brain surgeon',
  citation: 'hassibi1993obs',
  taxonomy: 'second-order',
  options: obsOptions,
  granularity: ['weight'],
  needs: ['second-derivatives', 'per-sample-gradients'],
  when: 'trained',
  checkMemory: (network, options) => requireObsMemory({ network }, options),
  ...fromCurvature({
    curvature: (subject, options: ObsOptions) => obsCurvature(subject, options),
    scores: (curvature, subject) => obsScores(curvature, subject),
    compensation: obsCompensation,
  }),
});

/** The whole network as one block, with its H. */
interface ObsCurvature {
  readonly block: WeightBlock;
  readonly model: QuadraticModel;
}

/** @throws PrunebenchError before anything is computed if the matrices exceed `memoryLimit` */
export async function obsCurvature(subject: Subject, options: ObsOptions, biases = false): Promise<ObsCurvature> {
  const { samples, outputs, damping, inversion } = options;
  requireObsMemory(subject, options);
  const block = wholeNetworkBlock(await sampleGradients(subject, samples, outputs), biases);
  return { block, model: quadraticModel(block, subject.masks, damping, inversion) };
}

/** @throws PrunebenchError if the matrices exceed `memoryLimit` */
export function requireObsMemory(subject: Shapes, { samples, outputs, memoryLimit }: ObsOptions): void {
  requireMemory('obs', obsBytes(subject, samples, outputs), memoryLimit, REMEDY);
}

/** @param biases whether biases may be removed as well, as in the paper's own networks; they are then scored too */
export function obsScores({ block, model }: ObsCurvature, subject: Subject, biases = false): Scores {
  return surgeryScores(subject, [block], () => model, emptyScores(weightLayers(subject.network), biases));
}

export function obsCompensation({ block, model }: ObsCurvature, subject: Subject, masks: Masks): ParameterRecord {
  return surgeryCompensation(subject, masks, [block], () => model);
}

const REMEDY =
  'Use a block-wise relative (obs-block, woodfisher), a layer-wise one (l-obs, obc), or obs-eigen; or a smaller network.';

/** H, H⁻¹ and the columns of its factorisation (n x n each), the gradients (rows x n), and what they are made from. */
function obsBytes(subject: Shapes, samples: number, outputs: 'all' | 'sampled'): number {
  const n = weightLayers(subject.network).reduce(
    (sum, { fanIn, units, bias }) => sum + fanIn * units + (bias === undefined ? 0 : units),
    0,
  );
  const rows = samples * rowsPerSample(outputs, subject);
  return 8 * n * (3 * n + rows) + gradientBytes(subject, samples, outputs);
}

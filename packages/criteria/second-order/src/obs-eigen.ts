/**
 * Optimal brain surgeon in the dominant eigenspace: H ≈ αI + U Λ Uᵀ with the s dominant eigenpairs of (1/P) GᵀG, so
 *
 *     [H⁻¹]_qq = (1 − Σ_i U_qi² λ_i / (λ_i + α)) / α,       L_q = w_q² / (2 [H⁻¹]_qq),
 *
 * and for removed weights Q and kept weights K the minimum of the quadratic model moves the kept ones by
 *
 *     δw_K = (αI + U_K Λ U_Kᵀ)⁻¹ U_K Λ U_Qᵀ w_Q = U_K (αΛ⁻¹ + U_Kᵀ U_K)⁻¹ U_Qᵀ w_Q.
 *
 * Hassibi, Stork & Wolff, "Optimal brain surgeon: extensions and performance comparisons", NIPS 6, 1994. Every weight is scored as if
 * it were removed alone; compensation is for all removals at once, and biases stay.
 */
import {
  applyMasks,
  defineCriterion,
  type Masks,
  type ParameterRecord,
  type Scores,
  type Subject,
} from '@prunebench/core';
import {
  addGram,
  choleskyFactor,
  choleskySolve,
  gradientBytes,
  type LayerGradients,
  meanCurvature,
  rowsPerSample,
  sampleGradients,
  weightLayers,
} from '@prunebench/signals';
import { z } from 'zod';
import { combine, combinedGradient, type DominantSpace, dominantSpace, eigenRows } from './surgery/dominant-space.ts';
import { fromCurvature } from './surgery/from-curvature.ts';
import { memoryLimit, requireMemory, type Shapes } from './surgery/memory.ts';
import { outputs, relativeDamping } from './surgery/options.ts';
import {
  blockRemoved,
  blockWeights,
  copyParameters,
  emptyScores,
  kernelBlocks,
  scatter,
  valuesOf,
  type WeightBlock,
} from './surgery/weight-block.ts';

const options = z.strictObject({
  samples: z.int().positive().default(256).describe('calibration examples, P'),
  outputs: outputs.default('sampled'),
  eigenvectors: z.int().min(0).default(50).describe('s; 0 leaves magnitude pruning'),
  relativeDamping,
  memoryLimit,
});
type Options = z.output<typeof options>;

export const obsEigen = defineCriterion({
  id: 'obs-eigen',
  title: 'Optimal brain surgeon in the dominant eigenspace',
  citation: 'hassibi1994extensions',
  taxonomy: 'second-order',
  options,
  granularity: ['weight'],
  needs: ['second-derivatives', 'per-sample-gradients'],
  when: 'trained',
  checkMemory: (network, chosen) => requireEigenMemory({ network }, chosen),
  ...fromCurvature({ curvature: eigenCurvature, scores: saliencies, compensation }),
});

interface EigenCurvature {
  readonly blocks: readonly WeightBlock[];
  readonly space: DominantSpace;
  readonly damping: number;
}

/** L_q for every kernel weight, each as if it were removed alone. */
function saliencies({ blocks, space, damping }: EigenCurvature, subject: Subject): Scores {
  const shrink = space.eigenvalues.map((value) => value / (value + damping));
  const scores = emptyScores(weightLayers(subject.network));
  for (const block of blocks) {
    const weights = blockWeights(block, subject);
    const rows = eigenRows(block, subject.masks, space);
    const values = weights.map((w, q) => {
      let explained = 0;
      for (let i = 0; i < shrink.length; i++) explained += rows[q * shrink.length + i] ** 2 * shrink[i];
      return (w ** 2 * damping) / (2 * (1 - explained));
    });
    scatter(block, values, scores);
  }
  return scores;
}

/** The kernels at the minimum of the quadratic model under `masks`, all removals at once; biases stay. */
function compensation({ blocks, space, damping }: EigenCurvature, subject: Subject, masks: Masks): ParameterRecord {
  const parameters = copyParameters(subject.parameters);
  const coefficients = compensationCoefficients(subject, masks, blocks, space, damping);
  const combination = combine(space, coefficients);
  for (const block of blocks) {
    const removed = blockRemoved(block, masks);
    const change = combinedGradient(block, subject.masks, combination);
    const moved = blockWeights(block, subject).map((w, q) => (removed[q] === 1 ? 0 : w + change[q]));
    scatter(block, moved, valuesOf(parameters));
  }
  return applyMasks(parameters, masks);
}

/** (αΛ⁻¹ + U_Kᵀ U_K)⁻¹ U_Qᵀ w_Q */
function compensationCoefficients(
  subject: Subject,
  masks: Masks,
  blocks: readonly WeightBlock[],
  space: DominantSpace,
  damping: number,
): Float64Array {
  const s = space.eigenvalues.length;
  const matrix = new Float64Array(s * s);
  const right = new Float64Array(s);
  for (const block of blocks) {
    const rows = eigenRows(block, subject.masks, space);
    const removed = blockRemoved(block, masks);
    const weights = blockWeights(block, subject);
    const kept = new Float64Array(s * weights.length);
    for (let q = 0; q < weights.length; q++)
      for (let i = 0; i < s; i++) {
        if (removed[q] === 1) right[i] += rows[q * s + i] * weights[q];
        else kept[i * weights.length + q] = rows[q * s + i];
      }
    addGram(matrix, kept, s, weights.length);
  }
  for (let i = 0; i < s; i++) matrix[i * s + i] += damping / space.eigenvalues[i];
  return choleskySolve(choleskyFactor(matrix, s), s, right);
}

/** @throws PrunebenchError where gradients and decomposition exceed `memoryLimit` */
function requireEigenMemory(subject: Shapes, { samples, outputs, eigenvectors, memoryLimit }: Options): void {
  const rows = samples * rowsPerSample(outputs, subject);
  // The decomposition works on two more copies of the rows x rows matrix.
  const bytes = gradientBytes(subject, samples, outputs) + 8 * rows * (4 * rows + eigenvectors);
  requireMemory('obs-eigen', bytes, memoryLimit, 'Use fewer samples, or outputs "sampled".');
}

async function eigenCurvature(subject: Subject, options: Options): Promise<EigenCurvature> {
  const { samples, outputs, eigenvectors, relativeDamping } = options;
  requireEigenMemory(subject, options);
  const layers: readonly LayerGradients[] = await sampleGradients(subject, samples, outputs);
  const blocks = layers.flatMap((gradients) => kernelBlocks(gradients, CHUNK, false));
  const space = dominantSpace(blocks, subject.masks, eigenvectors);
  return { blocks, space, damping: relativeDamping * meanCurvature(layers, subject.masks) };
}

/** Weights whose gradients are unfolded at a time. */
const CHUNK = 256;

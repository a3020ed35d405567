/**
 * Optimal brain surgeon with Kronecker-factored curvature: each layer's is taken for a product F ≈ A ⊗ G of the correlations of its
 * inputs (bias: 1) and of its back-propagated signals, A = E[z zᵀ], G = E[δ δᵀ], with the inverse A⁻¹ ⊗ G⁻¹. For the weight from
 * input p to unit u
 *
 *     L = w² / (2 [A⁻¹]_pp [G⁻¹]_uu),       δW = −A⁻¹ M G⁻¹,       M_pu = w_pu / ([A⁻¹]_pp [G⁻¹]_uu) where removed, else 0,
 *
 * the sum of the single updates, as WoodFisher takes it. Martens & Grosse, "Optimizing neural networks with Kronecker-factored
 * approximate curvature", ICML 2015; convolutions, sums over positions: Grosse & Martens 2016. Damping is split over the factors:
 * A + π√λ I and G + √λ/π I with π² the ratio of their mean diagonals.
 */
import {
  applyMasks,
  defineCriterion,
  type Masks,
  type ParameterRecord,
  PrunebenchError,
  type Scores,
  type Subject,
} from '@prunebench/core';
import {
  type InputGram,
  inputGrams,
  invertSymmetric,
  outputGrams,
  patchLimit,
  weightLayers,
} from '@prunebench/signals';
import { z } from 'zod';
import { fromCurvature } from './surgery/from-curvature.ts';
import { reconstructionBytes } from './surgery/layer-reconstruction.ts';
import { memoryLimit, requireMemory, type Shapes } from './surgery/memory.ts';
import { copyParameters, emptyScores } from './surgery/weight-block.ts';

const options = z.strictObject({
  samples: z.int().positive().default(1000).describe('calibration examples'),
  outputs: z
    .enum(['labels', 'sampled', 'all'])
    .default('sampled')
    .describe("signals of: the labels' loss (empirical Fisher), one sampled output, all outputs (exact expectation)"),
  damping: z.number().positive().default(1e-5).describe('λ'),
  maximumPatches: patchLimit,
  memoryLimit,
});
type Options = z.output<typeof options>;

export const kFac = defineCriterion({
  id: 'k-fac',
  title: 'Optimal brain surgeon with Kronecker-factored curvature',
  citation: 'martens2015kfac',
  taxonomy: 'second-order',
  options,
  granularity: ['weight'],
  needs: ['activations', 'per-sample-gradients'],
  when: 'trained',
  checkMemory: (network, chosen) => requireFactorMemory({ network }, chosen),
  ...fromCurvature({ curvature: inverseFactors, scores: saliencies, compensation }),
});

/** L for every kernel weight that is left. */
function saliencies(factors: readonly InverseFactors[], subject: Subject): Scores {
  const scores = emptyScores(weightLayers(subject.network));
  for (const { input, units, a, g } of factors) {
    const { layer, size } = input;
    const weights = subject.parameters[layer.kernel].values;
    const mask = subject.masks[layer.kernel];
    for (let p = 0; p < layer.fanIn; p++)
      for (const [j, unit] of units.entries()) {
        const index = p * layer.units + unit;
        if (mask?.[index] === 0) continue;
        scores[layer.kernel][index] = weights[index] ** 2 / (2 * a[p * size + p] * g[j * units.length + j]);
      }
  }
  return scores;
}

/** The kernels and biases after the removals of `masks`, each compensated as if it were alone. */
function compensation(factors: readonly InverseFactors[], subject: Subject, masks: Masks): ParameterRecord {
  const parameters = copyParameters(subject.parameters);
  for (const group of factors) {
    const { input, units } = group;
    const { layer } = input;
    const change = kroneckerUpdate(group, subject, masks);
    for (const [j, unit] of units.entries()) {
      for (let p = 0; p < layer.fanIn; p++)
        parameters[layer.kernel].values[p * layer.units + unit] -= change[p * units.length + j];
      if (layer.bias !== undefined) parameters[layer.bias].values[unit] -= change[layer.fanIn * units.length + j];
    }
  }
  return applyMasks(parameters, masks);
}

/** One input group of a layer: A⁻¹ [size, size] and G⁻¹ over the group's units. */
interface InverseFactors {
  /** Without its Gram matrix, which nobody needs any more. */
  readonly input: Pick<InputGram, 'layer' | 'size'>;
  readonly units: readonly number[];
  readonly a: Float64Array;
  readonly g: Float64Array;
}

/** @throws PrunebenchError where the factors and their inverses exceed `memoryLimit` */
function requireFactorMemory(subject: Shapes, { memoryLimit }: Options): void {
  const bytes = 2 * reconstructionBytes(subject);
  requireMemory('k-fac', bytes, memoryLimit, 'Use obs-block or woodfisher, or raise memoryLimit.');
}

async function inverseFactors(subject: Subject, chosen: Options): Promise<readonly InverseFactors[]> {
  const { samples, outputs, damping, maximumPatches } = chosen;
  requireFactorMemory(subject, chosen);
  const inputs = await inputGrams(subject, samples, maximumPatches);
  const signals = await outputGrams(subject, samples, outputs);
  return inputs.map((input) => {
    const { layer, group, gram, size, rows } = input;
    const share = layer.units / layer.groups;
    const units = Array.from({ length: share }, (_, j) => group * share + j);
    const a = symmetric(size, (i, j) => gram[i * size + j] / rows);
    const all = signals.get(layer.kernel)!;
    const g = symmetric(share, (i, j) => all[units[i] * layer.units + units[j]]);
    const [scaleA, scaleG] = [meanDiagonal(a, size), meanDiagonal(g, share)];
    if (!(scaleA > 0 && scaleG > 0)) throw silentLayer(layer.kernel);
    const ratio = Math.sqrt(scaleA / scaleG);
    return {
      input: { layer, size },
      units,
      a: invertSymmetric(addDiagonal(a, size, ratio * Math.sqrt(damping)), size),
      g: invertSymmetric(addDiagonal(g, share, Math.sqrt(damping) / ratio), share),
    };
  });
}

/** A⁻¹ M G⁻¹, [size, units of the group]. */
function kroneckerUpdate(
  { input, units, a, g }: InverseFactors,
  { parameters, masks: before }: Subject,
  masks: Masks,
): Float64Array {
  const { layer, size } = input;
  const m = units.length;
  const half = new Float64Array(size * m);
  for (let p = 0; p < layer.fanIn; p++)
    for (const [j, unit] of units.entries()) {
      const index = p * layer.units + unit;
      if (masks[layer.kernel]?.[index] !== 0 || before[layer.kernel]?.[index] === 0) continue;
      const multiplier = parameters[layer.kernel].values[index] / (a[p * size + p] * g[j * m + j]);
      for (let k = 0; k < m; k++) half[p * m + k] += multiplier * g[j * m + k];
    }
  const change = new Float64Array(size * m);
  for (let i = 0; i < size; i++)
    for (let p = 0; p < size; p++) {
      const scale = a[i * size + p];
      for (let k = 0; k < m; k++) change[i * m + k] += scale * half[p * m + k];
    }
  return change;
}

function symmetric(n: number, lower: (i: number, j: number) => number): Float64Array {
  const matrix = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      matrix[i * n + j] = lower(i, j);
      matrix[j * n + i] = matrix[i * n + j];
    }
  return matrix;
}

function meanDiagonal(matrix: Float64Array, n: number): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += matrix[i * n + i];
  return sum / n;
}

function addDiagonal(matrix: Float64Array, n: number, value: number): Float64Array {
  for (let i = 0; i < n; i++) matrix[i * n + i] += value;
  return matrix;
}

function silentLayer(kernel: string): PrunebenchError {
  return new PrunebenchError(
    `All inputs or all back-propagated signals of ${kernel} are 0 on the calibration examples.`,
    {
      remedy: 'Check that the network is trained and not collapsed, or use another criterion.',
    },
  );
}

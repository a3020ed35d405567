import { defineCriterion, type Masks, type ParameterRecord, type Scores, type Subject } from '@prunebench/core';
import { z } from 'zod';
import { patchLimit } from './input-grams.ts';
import {
  type LayerProblem,
  layerProblems,
  reconstructionBytes,
  reconstructionCompensation,
  reconstructionScores,
  unitRemoved,
  unitWeights,
} from './layer-reconstruction.ts';
import type { QuadraticModel } from './linear-algebra/group-update.ts';
import { memoryLimit, requireMemory } from './memory.ts';
import { emptyScores } from './weight-block.ts';
import { weightLayers } from './weight-layers.ts';

// Ψ = (1/N) YᵀY + αI of the layer's inputs;  L_q = θ_q² / (2 [Ψ⁻¹]_qq),  δθ = -(θ_q / [Ψ⁻¹]_qq) Ψ⁻¹ e_q for the weights of
// q's output unit.  X. Dong, S. Chen, S. J. Pan (2017), equations 7 and 8.

export const lObsOptions = z.strictObject({
  samples: z.int().positive().default(1000).describe('calibration examples, N'),
  sequential: z
    .enum(['fixed', 'downdate'])
    .default('fixed')
    .describe("fixed: the paper's, one Ψ⁻¹ for the whole pass; downdate: exact after every removal, as obc"),
  relativeDamping: z.number().positive().default(0.01).describe('α as a share of the mean diagonal of Ψ in the layer'),
  maximumPatches: patchLimit,
  memoryLimit,
});
export type LObsOptions = z.output<typeof lObsOptions>;

export const lObs = defineCriterion<LObsOptions>({
  id: 'l-obs',
  title: 'Layer-wise optimal brain surgeon',
  citation: {
    authors: 'Dong, Chen, Pan',
    title: 'Learning to Prune Deep Neural Networks via Layer-wise Optimal Brain Surgeon',
    year: 2017,
    venue: 'NeurIPS 2017',
    url: 'https://arxiv.org/abs/1705.07565',
  },
  taxonomy: 'second-order',
  options: lObsOptions as z.ZodType<LObsOptions>,
  granularity: ['weight'],
  needs: ['activations'],
  when: 'trained',
  deviations: [
    'The program prunes biases too, in one ranking with the weights of their layer; here they compensate and stay.',
    'The paper keeps another share of each layer (the listed `allocation`); a uniform share ruins its output layer.',
  ],
  score: lObsScores,
  compensate: lObsCompensation,
});

/** L_q of every weight alone (`fixed`), or the losses along the greedy order (`downdate`); weights from dead inputs score 0. */
export async function lObsScores(subject: Subject, options: LObsOptions): Promise<Scores> {
  checkMemory(subject, options);
  const problems = layerProblems(subject, options, 1);
  if (options.sequential === 'downdate') return reconstructionScores(subject, problems);
  const scores = emptyScores(weightLayers(subject.network));
  for await (const problem of problems) writeSaliencies(problem, subject, scores[problem.layer.kernel]);
  return scores;
}

/** The surviving weights and biases: the paper's sequence of single updates (`fixed`), or the joint minimum (`downdate`). */
export async function lObsCompensation(subject: Subject, masks: Masks, options: LObsOptions): Promise<ParameterRecord> {
  checkMemory(subject, options);
  const problems = layerProblems(subject, options, 1);
  return options.sequential === 'downdate'
    ? reconstructionCompensation(subject, masks, problems)
    : reconstructionCompensation(subject, masks, problems, fixedInverseUpdate);
}

function writeSaliencies(problem: LayerProblem, subject: Subject, scores: Float64Array): void {
  const { layer, live, units, model } = problem;
  const inverse = model.inverse();
  for (const unit of units) {
    const weights = unitWeights(problem, unit, subject);
    const gone = unitRemoved(problem, unit, subject.masks);
    for (const [i, input] of live.entries())
      if (gone[i] === 0) scores[input * layer.units + unit] = weights[i] ** 2 / (2 * inverse[i * model.size + i]);
  }
}

/**
 * Single updates in the order of rising L_q, each with the weights as they are by then but with the inverse of the start,
 * as in the authors' program. Only the first is optimal: the inverse still knows the removed weights, whose own entries
 * move again and are cut back to 0 at the end.
 */
export function fixedInverseUpdate(model: QuadraticModel, weights: Float64Array, removed: Uint8Array): Float64Array {
  const { size } = model;
  const inverse = model.inverse();
  const saliency = weights.map((w, q) => w ** 2 / inverse[q * size + q]);
  const order = [...removed.keys()].filter((q) => removed[q] === 1).sort((a, b) => saliency[a] - saliency[b] || a - b);
  const updated = weights.slice();
  for (const q of order) {
    const step = updated[q] / inverse[q * size + q];
    for (let i = 0; i < size; i++) updated[i] -= step * inverse[q * size + i];
  }
  return updated.map((w, q) => (removed[q] === 1 ? 0 : w));
}

function checkMemory(subject: Subject, { memoryLimit }: LObsOptions): void {
  requireMemory(
    'l-obs',
    reconstructionBytes(subject),
    memoryLimit,
    "Use obs-block or woodfisher, whose blocks do not grow with a layer's inputs, or raise memoryLimit.",
  );
}

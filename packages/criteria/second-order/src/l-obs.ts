/**
 * Layer-wise optimal brain surgeon: every layer keeps its own output on its inputs y, with the error's Hessian Ψ shared by all units,
 *
 *     Ψ = (1/N) YᵀY + αI,       L_q = θ_q² / (2 [Ψ⁻¹]_qq),       δθ = −(θ_q / [Ψ⁻¹]_qq) Ψ⁻¹ e_q
 *
 * for the weights of q's output unit. Dong, Chen & Pan, "Learning to prune deep neural networks via layer-wise optimal brain
 * surgeon", NeurIPS 2017, equations 7 and 8. `fixed` scores every weight alone and compensates by the paper's sequence of single updates;
 * `downdate` scores the greedy order and compensates by the joint minimum. Weights from dead inputs score 0.
 */
import { defineCriterion, type Scores, type Subject } from '@prunebench/core';
import { patchLimit, weightLayers } from '@prunebench/signals';
import { z } from 'zod';
import { fromCurvature } from './surgery/from-curvature.ts';
import { groupUpdate, type QuadraticModel } from './surgery/group-update.ts';
import {
  type LayerProblem,
  layerProblems,
  reconstructionCompensation,
  reconstructionScores,
  requireReconstructionMemory,
  unitRemoved,
  unitWeights,
} from './surgery/layer-reconstruction.ts';
import { memoryLimit } from './surgery/memory.ts';
import { emptyScores } from './surgery/weight-block.ts';

const options = z.strictObject({
  samples: z.int().positive().default(1000).describe('calibration examples, N'),
  sequential: z
    .enum(['fixed', 'downdate'])
    .default('fixed')
    .describe("fixed: the paper's, one Ψ⁻¹ for the whole pass; downdate: exact after every removal, as obc"),
  relativeDamping: z.number().positive().default(0.01).describe('α as a share of the mean diagonal of Ψ in the layer'),
  maximumPatches: patchLimit,
  memoryLimit,
});

export const lObs = defineCriterion({
  id: 'l-obs',
  title: 'Layer-wise optimal brain surgeon',
  citation: 'dong2017lobs',
  taxonomy: 'second-order',
  options,
  granularity: ['weight'],
  needs: ['activations'],
  when: 'trained',
  deviations: [
    'The program prunes biases too, in one ranking with the weights of their layer; here they compensate and stay.',
    'The paper keeps another share of each layer (the listed `allocation`); a uniform share ruins its output layer.',
  ],
  checkMemory: (network, { memoryLimit }) => requireReconstructionMemory('l-obs', { network }, memoryLimit),
  ...fromCurvature({
    curvature(subject, chosen: z.output<typeof options>) {
      requireReconstructionMemory('l-obs', subject, chosen.memoryLimit);
      return layerProblems(subject, chosen, 1);
    },
    scores: (problems, subject, { sequential }) =>
      sequential === 'downdate' ? reconstructionScores(subject, problems()) : saliencies(subject, problems()),
    compensation: (problems, subject, masks, { sequential }) =>
      reconstructionCompensation(
        subject,
        masks,
        problems(),
        sequential === 'downdate' ? groupUpdate : fixedInverseUpdate,
      ),
  }),
});

/** L_q of every weight alone. */
function saliencies(subject: Subject, problems: Iterable<LayerProblem>): Scores {
  const scores = emptyScores(weightLayers(subject.network));
  for (const problem of problems) writeSaliencies(problem, subject, scores[problem.layer.kernel]);
  return scores;
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
function fixedInverseUpdate(model: QuadraticModel, weights: Float64Array, removed: Uint8Array): Float64Array {
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

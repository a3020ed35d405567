import type { Masks, ParameterRecord, Scores, Subject } from '@prunebench/core';
import { applyMasks } from '@prunebench/core';
import { dampedGram, invertSymmetric, weightLayers, woodburyInverse } from '@prunebench/signals';
import { greedyElimination } from './greedy-elimination.ts';
import { groupUpdate, type QuadraticModel, quadraticModelOf } from './group-update.ts';
import { removalOrderScores } from './removal-order.ts';
import {
  blockGradients,
  blockPrunable,
  blockRemoved,
  blockSize,
  blockWeights,
  copyParameters,
  emptyScores,
  scatter,
  valuesOf,
  type WeightBlock,
} from './weight-block.ts';

/** How H⁻¹ of a block comes about: the paper's rank-one recursion over samples, or one Cholesky factorisation. */
export type Inversion = 'recursion' | 'cholesky';

/** H = αI + (1/P) GᵀG of a block. */
export function quadraticModel(
  block: WeightBlock,
  masks: Masks,
  damping: number,
  inversion: Inversion,
): QuadraticModel {
  const { rows, samples } = block[0].gradients;
  const columns = blockSize(block);
  const gradients = blockGradients(block, masks);
  const hessian = dampedGram({ gradients, rows, columns, samples, damping });
  return inversion === 'cholesky'
    ? invertedByCholesky(hessian, columns)
    : quadraticModelOf(hessian, columns, recursion(gradients, rows, columns, samples, damping));
}

/** Apart from the gradients: a model that is kept must not keep them. */
function invertedByCholesky(hessian: Float64Array, columns: number): QuadraticModel {
  return quadraticModelOf(hessian, columns, () => invertSymmetric(hessian, columns));
}

function recursion(gradients: Float64Array, rows: number, columns: number, samples: number, damping: number) {
  const row = (index: number, out: Float64Array) => {
    for (let q = 0; q < columns; q++) out[q] = gradients[q * rows + index];
  };
  return () => woodburyInverse({ count: rows, row }, columns, samples, damping);
}

/**
 * Optimal brain surgeon inside every block down to its last weight, as scores: the order of removals by their losses.
 *
 * @param scores receives them, by parameter name
 */
export function surgeryScores(
  subject: Subject,
  blocks: Iterable<WeightBlock>,
  model: (block: WeightBlock) => QuadraticModel,
  scores: Record<string, Float64Array> = emptyScores(weightLayers(subject.network)),
): Scores {
  for (const block of blocks) {
    const { inverse, size } = model(block);
    const { order, losses } = greedyElimination({
      inverse: inverse(),
      stride: size,
      weights: blockWeights(block, subject),
      removable: blockPrunable(block, subject.masks),
      removedBefore: [...blockRemoved(block, subject.masks).entries()].filter(([, gone]) => gone === 1).map(([i]) => i),
    });
    const values = new Float64Array(size);
    for (const [t, score] of removalOrderScores(losses).entries()) values[order[t]] = score;
    scatter(block, values, scores);
  }
  return scores;
}

/** The surviving parameters after `masks`: in every block the minimum of its quadratic model (`groupUpdate`). */
export function surgeryCompensation(
  subject: Subject,
  masks: Masks,
  blocks: Iterable<WeightBlock>,
  model: (block: WeightBlock) => QuadraticModel,
): ParameterRecord {
  const parameters = copyParameters(subject.parameters);
  for (const block of blocks) {
    const removed = blockRemoved(block, masks);
    if (!removed.includes(1)) continue;
    scatter(block, groupUpdate(model(block), blockWeights(block, subject), removed), valuesOf(parameters));
  }
  return applyMasks(parameters, masks);
}

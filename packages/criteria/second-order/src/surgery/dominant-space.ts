import type { Masks } from '@prunebench/core';
import { addCrossGram, addGram } from '@prunebench/signals';
import { EVD, Matrix } from 'ml-matrix';
import { blockGradients, blockSize, type WeightBlock } from './weight-block.ts';

/** The dominant eigenpairs of (1/P) GᵀG in factored form: U = Gᵀ W, so that no [n, s] matrix is kept. */
export interface DominantSpace {
  /** In falling order, all positive; at most as many as were asked for. */
  readonly eigenvalues: Float64Array;
  /** W by columns, [s, rows]. */
  readonly combinations: Float64Array;
}

/**
 * Eigenpairs through the small matrix (1/P) GGᵀ [rows, rows]: if it has the eigenpair (λ, v), then Gᵀv / √(Pλ) is a unit
 * eigenvector of (1/P) GᵀG [n, n] for the same λ.
 *
 * @param blocks together the columns of G; columns of pruned weights count as 0
 */
export function dominantSpace(blocks: readonly WeightBlock[], masks: Masks, count: number): DominantSpace {
  const { rows, samples } = blocks[0][0].gradients;
  const kernel = new Float64Array(rows * rows);
  for (const block of blocks) {
    const columns = blockSize(block);
    const gradients = blockGradients(block, masks);
    const transposed = new Float64Array(gradients.length);
    for (let q = 0; q < columns; q++)
      for (let r = 0; r < rows; r++) transposed[r * columns + q] = gradients[q * rows + r];
    addGram(kernel, transposed, rows, columns);
  }
  const matrix = Matrix.zeros(rows, rows);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c <= r; c++) {
      matrix.set(r, c, kernel[r * rows + c] / samples);
      matrix.set(c, r, kernel[r * rows + c] / samples);
    }
  const { realEigenvalues, eigenvectorMatrix } = new EVD(matrix, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  // Eigenvalues that are 0 up to rounding carry no direction.
  const floor = Math.max(...realEigenvalues) * rows * Number.EPSILON;
  const kept = order.slice(0, count).filter((i) => realEigenvalues[i] > floor);
  const combinations = new Float64Array(kept.length * rows);
  for (const [i, index] of kept.entries())
    for (let r = 0; r < rows; r++)
      combinations[i * rows + r] = eigenvectorMatrix.get(r, index) / Math.sqrt(samples * realEigenvalues[index]);
  return { eigenvalues: Float64Array.from(kept, (i) => realEigenvalues[i]), combinations };
}

/** The rows of U that belong to the block's weights, [block size, s]. */
export function eigenRows(
  block: WeightBlock,
  masks: Masks,
  { eigenvalues, combinations }: DominantSpace,
): Float64Array {
  const rows = new Float64Array(blockSize(block) * eigenvalues.length);
  const gradients = blockGradients(block, masks);
  addCrossGram(rows, gradients, blockSize(block), combinations, eigenvalues.length, block[0].gradients.rows);
  return rows;
}

/** W c, so that U c = Gᵀ (W c) takes one pass over G and no eigenvector is formed. */
export function combine({ combinations }: DominantSpace, coefficients: Float64Array): Float64Array {
  const rows = combinations.length / coefficients.length;
  const combination = new Float64Array(coefficients.length === 0 ? 0 : rows);
  for (const [i, coefficient] of coefficients.entries())
    for (let r = 0; r < rows; r++) combination[r] += coefficient * combinations[i * rows + r];
  return combination;
}

/** Gᵀ x for the block's columns of G. */
export function combinedGradient(block: WeightBlock, masks: Masks, combination: Float64Array): Float64Array {
  const gradients = blockGradients(block, masks);
  const { rows } = block[0].gradients;
  return Float64Array.from({ length: blockSize(block) }, (_, q) => {
    let sum = 0;
    for (let r = 0; r < combination.length; r++) sum += gradients[q * rows + r] * combination[r];
    return sum;
  });
}

import type { Estimate } from '../statistics/estimate.ts';
import type { Cell } from './cell.ts';
import type { DenseReference } from './dense.ts';
import type { NetworkSummary } from './summary.ts';

/** Whether two cells were trained on equally many examples, all of their seeds finished. */
export function haveSameBudget(one: Cell, other: Cell): boolean {
  return one.trainedExamples !== null && one.trainedExamples.mean === other.trainedExamples?.mean;
}

/** Whether nothing was asked to go: a dense network's own row. */
export function isUnpruned({ axis, at }: Pick<Cell, 'axis' | 'at'>): boolean {
  return axis === 'sparsity' && at === 0;
}

/**
 * The test accuracy of the dense network after as many examples as the cell was trained on: of that one of the rows with nothing pruned
 * which has this budget, or of the networks that the cell's trials started from where nothing was trained after pruning. Null where neither is there.
 */
export function denseWithBudgetOf(cell: Cell, unpruned: readonly Cell[]): Estimate | null {
  const twin = unpruned.find((other) => haveSameBudget(cell, other));
  return twin?.accuracy ?? (isAsLongAsDense(cell) ? cell.denseAccuracy : null);
}

/** On how many examples the networks before pruning were trained: as many as a cell on which nothing was trained afterwards; null where there is none. */
export function examplesOfDense({ epochs }: DenseReference, { cells }: NetworkSummary): Estimate | null {
  return cells.find((cell) => cell.budget.pretrain === epochs && isAsLongAsDense(cell))?.trainedExamples ?? null;
}

function isAsLongAsDense({ budget, leftAsPruned, denseAccuracy }: Cell): boolean {
  return budget.retrain === 0 && leftAsPruned && denseAccuracy !== null;
}

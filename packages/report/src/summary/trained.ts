import type { NetworkSummary } from './summary.ts';

/** From this accuracy on, lines of accuracy lie on top of one another and the error tells them apart. */
const ERROR_FROM_ACCURACY = 95;

/** Whether trials of a network finished and none of them trained anything. */
export function isUntrained({ cells, dense }: NetworkSummary): boolean {
  const trained = dense.length > 0 || cells.some(({ accuracy }) => accuracy !== null);
  return !trained && cells.some(({ trials }) => trials.length > 0);
}

/** Test error for networks that get nearly everything right (MNIST), test accuracy for others. */
export function quantityOf({ cells, dense }: NetworkSummary): 'error' | 'accuracy' {
  const means = [...cells, ...dense].flatMap(({ accuracy }) => (accuracy === null ? [] : [accuracy.mean]));
  return Math.max(...means) >= ERROR_FROM_ACCURACY ? 'error' : 'accuracy';
}

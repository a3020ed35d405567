import type { Cell, TrialOutcome } from '../summary/cell.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import type { Estimate } from './estimate.ts';

/** What the series of a table are compared by: one number of every seed. */
export interface Compared {
  /** How the columns of a difference are called in CSV files, and its unit: "accuracy_difference" in "points". */
  readonly difference: string;
  readonly unit: string;
  readonly better: 'higher' | 'lower';
  /** Of one seed; null where it has none. */
  of(outcome: TrialOutcome): number | null;
  /** Over the seeds of a cell; null where none has one. */
  over(cell: Cell): Estimate | null;
  /** The largest difference that two seeds of a network can have. */
  largestDifference(network: NetworkSummary): number;
}

/** Accuracy on the test split after the last epoch, in percent. */
export const testAccuracy: Compared = {
  difference: 'accuracy_difference',
  unit: 'points',
  better: 'higher',
  of: ({ measured }) => measured.final?.test.accuracy ?? null,
  over: ({ accuracy }) => accuracy,
  largestDifference: () => 100,
};

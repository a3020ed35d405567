import type { DenseReference } from './dense.ts';
import { formatNumber } from './format.ts';
import type { Cell, NetworkSummary } from './summary.ts';

/** Epochs of training as they were declared: before pruning and after it, there again after every round where a schedule has several. */
export interface Budget {
  readonly pretrain: number;
  readonly retrain: number;
}

/**
 * What a table says about how long its rows were trained: the dense network has only the first part of what a pruned one gets where
 * that is retrained. Undefined where nothing is trained.
 */
export function budgetNote({ dense, cells }: NetworkSummary): string | undefined {
  const pruned = prunedBudget(cells);
  if (pruned === undefined) return undefined;
  const more = retraining(pruned);
  if (more === undefined) return `Training: ${epochs(pruned.pretrain)}, none after pruning.`;
  const [first] = dense;
  const ours = `pruned rows ${list(pruned.pretrain)} and ${more} more of retraining, after every round where there are several`;
  return first === undefined
    ? `Epochs of training: ${ours}.`
    : `Epochs of training: dense ${formatNumber(first.epochs, 2)}; ${ours}.`;
}

/** The same in a plot, beside one dense network: "8 epochs; pruned: 8 + 3". */
export function budgetLabel({ epochs: ofDense }: DenseReference, cells: readonly Cell[]): string | undefined {
  const pruned = prunedBudget(cells);
  const more = pruned && retraining(pruned);
  return more && `${epochs([ofDense])}; pruned: ${list(pruned.pretrain)} + ${more}`;
}

interface Budgets {
  readonly pretrain: readonly number[];
  readonly retrain: readonly number[];
}

/** Of the rows that remove something; of all where none does. */
function prunedBudget(cells: readonly Cell[]): Budgets | undefined {
  const removing = cells.filter(({ sparsity }) => sparsity > 0);
  const budgets = (removing.length === 0 ? cells : removing).map(({ budget }) => budget);
  const distinct = (part: keyof Budget) => [...new Set(budgets.map((budget) => budget[part]))].sort((a, b) => a - b);
  const found = { pretrain: distinct('pretrain'), retrain: distinct('retrain') };
  return [...found.pretrain, ...found.retrain].some((value) => value > 0) ? found : undefined;
}

function retraining({ retrain }: Budgets): string | undefined {
  return retrain.some((value) => value > 0) ? list(retrain) : undefined;
}

/** "3", or "3 to 21". */
function list(values: readonly number[]): string {
  const [least, most] = [values[0]!, values.at(-1)!].map((value) => formatNumber(value, 2));
  return least === most ? least! : `${least} to ${most}`;
}

function epochs(values: readonly number[]): string {
  const text = list(values);
  return `${text} ${text === '1' ? 'epoch' : 'epochs'}`;
}

import type { Budget, Cell } from '../summary/cell.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { formatNumber } from './format.ts';

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

/** The same below the title of a plot, in a few words; undefined where both are trained alike. */
export function budgetLabel({ dense, cells }: NetworkSummary): string | undefined {
  const pruned = prunedBudget(cells);
  const more = pruned && retraining(pruned);
  const [first] = dense;
  return first && more && `dense: ${epochs([first.epochs])}; pruned: ${list(pruned.pretrain)} + ${more}`;
}

interface Budgets {
  readonly pretrain: readonly number[];
  readonly retrain: readonly number[];
}

/** Of the rows that remove something; of all where none does. */
function prunedBudget(cells: readonly Cell[]): Budgets | undefined {
  const removing = cells.filter(({ at }) => at > 0);
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
  const [least, most] = [values[0], values.at(-1)!].map((value) => formatNumber(value, 2));
  return least === most ? least! : `${least} to ${most}`;
}

function epochs(values: readonly number[]): string {
  const text = list(values);
  return `${text} ${text === '1' ? 'epoch' : 'epochs'}`;
}

import { axisOf, type DeclaredPoint, describePoint, pointOf, positionOf } from '../contracts/axis.ts';
import type { TrialDeclaration } from '../contracts/benchmark.ts';
import { PrunebenchError } from '../errors.ts';
import { canonicalJson } from '../records/content-hash.ts';

/** What a cell of a table is named by. */
interface CellName extends DeclaredPoint {
  readonly dataset: string;
  readonly network: string;
  readonly series: string;
}

/** Row of the network before pruning, in every table. */
const DENSE = 'dense';

/** Names the cell of a table that a trial belongs to, whatever its seed. */
export function cellName({ dataset, network, series, ...declared }: CellName): string {
  const point = pointOf(declared);
  return JSON.stringify([dataset, network, series, axisOf(point), positionOf(point)]);
}

/**
 * Holds the labels of a benchmark's trials against one another: a label must name one thing.
 *
 * @throws PrunebenchError naming two trials that would fall into one cell, a series that is a control here and none there, or one
 * that is called as no series can be
 */
export function refuseCollisions(trials: readonly TrialDeclaration[]): void {
  const cells = new Map<string, TrialDeclaration>();
  const controls = new Map<string, boolean>();
  for (const trial of trials) {
    const { series, control = false } = trial;
    refuseOddSeries(series);
    const known = cells.get(cellName(trial));
    if (known !== undefined) throw sharedCell(known, trial);
    cells.set(cellName(trial), trial);
    if ((controls.get(series) ?? control) !== control)
      throw new PrunebenchError(`Series ${JSON.stringify(series)} is a control in some trials and none in others.`, {
        remedy: 'Call the two by different names.',
      });
    controls.set(series, control);
  }
}

function refuseOddSeries(series: unknown): void {
  if (typeof series === 'string' && series.trim() !== '' && series !== DENSE) return;
  throw new PrunebenchError(`A series cannot be called ${JSON.stringify(series)}.`, {
    remedy: `Give it a name that is not empty; "${DENSE}" is the network before pruning.`,
  });
}

function sharedCell(one: TrialDeclaration, other: TrialDeclaration): PrunebenchError {
  const { series, network, dataset } = one;
  const where = `Series ${JSON.stringify(series)} has two trials at ${describePoint(pointOf(one))} of ${network} on ${dataset}`;
  const fields = (['method', 'options', 'pretrain', 'retrain', 'sparsity', 'at'] as const).filter(
    (field) => canonicalJson(one[field] ?? null) !== canonicalJson(other[field] ?? null),
  );
  const difference = fields.length === 0 ? 'the same one twice' : `which differ in ${fields.join(' and ')}`;
  return new PrunebenchError(`${where}, ${difference}: a table would show one of them.`, {
    remedy: fields.length === 0 ? 'Remove one of the two.' : 'Give each a series of its own, named after what differs.',
  });
}

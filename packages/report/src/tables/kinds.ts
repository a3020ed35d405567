import { PrunebenchError } from '@prunebench/core';
import { compareSeries } from '../statistics/paired-tests.ts';
import type { NetworkSummary, Summary } from '../summary/summary.ts';
import { accuracyTable } from './accuracy.ts';
import { collapseTable } from './collapse.ts';
import type { Figure, Shown, TableKind } from './kind.ts';
import { pathTable } from './path.ts';
import { sizeTable } from './size.ts';
import { speedTable } from './speed.ts';

/** Every kind of table; of several that fit a network the first is taken. */
export const tableKinds: readonly TableKind[] = [sizeTable, speedTable, pathTable, collapseTable, accuracyTable];

/** The figures of these kinds, each once. */
export function figuresOf(kinds: readonly TableKind[]): readonly Figure[] {
  return [...new Map(kinds.flatMap(({ figures }) => figures).map((figure) => [figure.id, figure])).values()];
}

/**
 * A network's trials as the table that they make.
 *
 * @throws PrunebenchError where no kind of table fits
 */
export function shown(network: NetworkSummary, kinds: readonly TableKind[] = tableKinds): Shown {
  const kind = kinds.find(({ fits }) => fits(network));
  if (kind === undefined)
    throw new PrunebenchError(`No kind of table fits ${network.network} on ${network.dataset}.`, {
      remedy: 'Add one that does to the list in packages/report/src/tables/kinds.ts.',
    });
  return { network, kind, tests: compareSeries(network, kind.compared) };
}

/** The same for all networks of a summary. */
export function allShown({ networks }: Summary, kinds?: readonly TableKind[]): readonly Shown[] {
  return networks.map((network) => shown(network, kinds));
}

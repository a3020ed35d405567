import { isSeparated, type PairedTest } from '../statistics/paired-tests.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { axisWords } from './display.ts';
import { formatNumber, logical } from './format.ts';
import type { Shown } from './kind.ts';
import { intervalColumns, optional, pointColumns, requestedPercent } from './measured-columns.ts';
import { type Table, tableOf } from './table.ts';

interface Comparison {
  readonly network: NetworkSummary;
  readonly test: PairedTest;
}

/** Every pair of series at every point: the difference, both paired tests, raw and corrected. */
export function comparisonsTable(shown: readonly Shown[]): Table {
  const rows = shown.flatMap(({ network, tests }) => tests.map((test): Comparison => ({ network, test })));
  const [{ kind }] = shown;
  const { difference, unit } = kind.compared;
  const position = ({ network: { axis }, test: { at } }: Comparison) => ({ axis, at });
  return tableOf<Comparison>(
    [
      { head: 'dataset', text: ({ network }) => network.dataset },
      { head: 'network', text: ({ network }) => network.network },
      { head: 'requested_sparsity_percent', text: (row) => requestedPercent(position(row)) },
      ...pointColumns(
        shown.map(({ network }) => network),
        position,
      ),
      { head: 'first', text: ({ test }) => test.first },
      { head: 'second', text: ({ test }) => test.second },
      { head: 'pairs', text: ({ test }) => String(test.difference?.n ?? 0) },
      ...intervalColumns(difference, unit, ({ test }: Comparison) => test.difference),
      { head: 'paired_t_p', text: ({ test }) => optional(test.tTest, pValue) },
      { head: 'paired_t_p_holm', text: ({ test }) => optional(test.tTestHolm, pValue) },
      { head: 'wilcoxon_p', text: ({ test }) => optional(test.wilcoxon, pValue) },
      { head: 'wilcoxon_p_holm', text: ({ test }) => optional(test.wilcoxonHolm, pValue) },
      { head: 'holm_family', text: familyOf },
      { head: 'tests_in_family', text: ({ test }) => String(test.family) },
      { head: 'separated', text: ({ test }) => (test.tTestHolm === null ? '' : logical(isSeparated(test))) },
      { head: 'note', text: ({ test }) => test.note ?? '' },
    ],
    rows,
  );
}

function familyOf({ network: { network, dataset, axis }, test: { at } }: Comparison): string {
  const point = axis === 'sparsity' ? `${formatNumber(at * 100, 6)} %` : axisWords[axis].label(at);
  return `every pair of series of ${network} on ${dataset} at ${point}`;
}

function pValue(p: number): string {
  return String(Number(p.toPrecision(4)));
}

/** What the records of a question of one's own say: accuracies over seeds, and where the weights are left. */
import type { TrialDeclaration, TrialRecord } from '@prunebench/core';
import { type Cell, type Estimate, estimate, summarise } from '@prunebench/report';
import { type Table, tableOf } from '@prunebench/report/tables';
import type { Setting } from '../terminal/setting.ts';

/** One series at one point. */
export interface AnswerRow {
  readonly series: string;
  readonly control: boolean;
  /** As it is asked for: "90 %", "25 % of the multiply-adds", "λ = 0.001"; "nothing pruned". */
  readonly asked: string;
  readonly cell: Cell;
  /** Share of its weights that each layer keeps, mean over seeds, in layer order. */
  readonly layers: readonly { readonly name: string; readonly density: number }[];
}

/**
 * The rows of an answer, the dense network first, then series and points in the order in which they are declared.
 *
 * @param records of one table; none: no rows
 */
export function answerOf(records: readonly TrialRecord[], declared: readonly TrialDeclaration[]): readonly AnswerRow[] {
  if (records.length === 0) return [];
  const cells = summarise(records, declared).networks.flatMap((network) => network.cells);
  const place = ({ series }: Cell) => declared.findIndex((trial) => trial.series === series);
  return cells
    .toSorted((a, b) => place(a) - place(b) || a.at - b.at)
    .map((cell) => ({
      series: cell.series,
      control: cell.control,
      asked: cell.control ? 'nothing pruned' : asked(cell),
      cell,
      layers: densitiesOf(cell),
    }));
}

function asked({ axis, at }: Cell): string {
  if (axis === 'lambda') return `λ = ${at}`;
  if (axis === 'multiplyAdds') return `${percent(1 - at)} % of the multiply-adds left`;
  return `${percent(at)} %${axis === 'units' ? ' of the units' : ''}`;
}

function densitiesOf({ trials }: Cell): AnswerRow['layers'] {
  const [first] = trials;
  return (first?.measured.layers ?? []).map(({ name, weights }, index) => {
    const left = trials.reduce((sum, { measured }) => sum + measured.layers[index].remaining, 0);
    return { name, density: left / (weights * trials.length) };
  });
}

/** The answer for people, part by part: a table of accuracies, failures, and a table of the layers. */
export function answerText(rows: readonly AnswerRow[], set: Setting): readonly string[] {
  if (rows.length === 0) return [set.text('No trial is finished yet.')];
  const pruned = rows.filter(({ control, layers }) => !control && layers.length > 0);
  const layers = pruned[0]?.layers.map(({ name }, index) => ({ name, index })) ?? [];
  const heads: readonly Column<(typeof layers)[number]>[] = [
    { head: 'weights left, %', text: ({ name }) => name },
    ...pruned.map((row) => ({
      head: `${row.series} ${row.asked}`,
      text: ({ index }: (typeof layers)[number]) => percent(row.layers[index].density, 2),
    })),
  ];
  return [
    set.table(filledTable(accuracyColumns, rows)),
    `\n${set.text('Test accuracy in %: mean ± standard deviation over seeds, after the last epoch.')}`,
    ...rows.flatMap(({ series, asked: point, cell }) =>
      cell.failures.map(({ seed, reason }) => set.text(`${series}, ${point}, seed ${seed} failed: ${reason}`)),
    ),
    ...(layers.length === 0 ? [] : ['', set.table(filledTable(heads, layers))]),
  ];
}

interface Column<Row> {
  readonly head: string;
  text(row: Row): string;
}

/** A column without any text is left out. */
function filledTable<Row>(columns: readonly Column<Row>[], rows: readonly Row[]): Table {
  return tableOf(
    columns.filter(({ text }) => rows.some((row) => text(row) !== '')),
    rows,
  );
}

const accuracyColumns: readonly Column<AnswerRow>[] = [
  { head: '', text: ({ series }) => series },
  { head: 'asked', text: (row) => row.asked },
  { head: 'accuracy', text: ({ cell }) => spread(cell.accuracy) },
  {
    head: 'before retraining',
    text: ({ cell, control }) => (control ? '' : spread(cell.prunedAccuracy)),
  },
  { head: 'sparsity, %', text: ({ cell }) => percentOf(cell.achievedSparsity, 2) },
  { head: 'multiply-adds left, %', text: ({ cell }) => percentOf(multiplyAddsLeft(cell), 2) },
  { head: 'times faster', text: ({ cell }) => cell.speedups.map(speedup).join(', ') },
  { head: 'seeds', text: ({ cell }) => String(cell.trials.length) },
];

function speedup({ batchSize, median }: Cell['speedups'][number]): string {
  return `${Number(median.toPrecision(3))} (batch ${batchSize})`;
}

function multiplyAddsLeft({ trials }: Cell): Estimate | null {
  return estimate(trials.map(({ measured: { multiplyAdds } }) => multiplyAdds.remaining / multiplyAdds.dense));
}

/** "98.12 ± 0.05", or the mean alone of one seed. */
function spread(value: Estimate | null): string {
  if (value === null) return '';
  return value.sd === null ? value.mean.toFixed(2) : `${value.mean.toFixed(2)} ± ${value.sd.toFixed(2)}`;
}

function percentOf(value: Estimate | null, digits: number): string {
  return value === null ? '' : percent(value.mean, digits);
}

/** A share in percent: with all its digits, or with so many. */
function percent(share: number, digits?: number): string {
  return digits === undefined ? String(Number((share * 100).toPrecision(10))) : (share * 100).toFixed(digits);
}

/** The answer for programs: accuracies in percent, shares in [0, 1]. */
export function answerInJson(rows: readonly AnswerRow[]) {
  return {
    rows: rows.map(({ series, control, cell, layers }) => ({
      series,
      control,
      requested: { [cell.axis]: cell.at },
      accuracy: cell.accuracy,
      prunedAccuracy: cell.prunedAccuracy,
      seeds: cell.trials.map(({ seed, measured }) => ({
        seed,
        accuracy: measured.final?.test.accuracy ?? null,
        prunedAccuracy: measured.pruned?.test.accuracy ?? null,
        sparsity: measured.sparsity.achieved,
      })),
      failures: cell.failures,
      sparsity: cell.achievedSparsity,
      multiplyAddsLeft: multiplyAddsLeft(cell),
      speedups: cell.speedups,
      layers,
    })),
  };
}

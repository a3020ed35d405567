import { type Benchmark, canonicalJson, type Measured, type TrialRecord } from '@prunebench/core';
import type { Cell } from '../summary/cell.ts';
import { type NetworkSummary, summarise } from '../summary/summary.ts';
import { shown } from '../tables/kinds.ts';
import type { Compared } from './compared.ts';
import type { Estimate } from './estimate.ts';
import { compareCells, isSeparated, type PairedTest } from './paired-tests.ts';

/** A cell that both tables have. */
export interface CellComparison extends Pick<Cell, 'dataset' | 'network' | 'series' | 'control' | 'axis' | 'at'> {
  /** Seeds that both recorded, finished or not. */
  readonly seeds: readonly number[];
  /** Those of them that are the same in both: every number to the last bit, as far as both records say it, or failed in both. */
  readonly same: readonly number[];
  /** Of all seeds that finished: what the table compares. */
  readonly first: Estimate | null;
  readonly second: Estimate | null;
  /** The first minus the second over the seeds that finished in both, with the tests of `PairedTest`. */
  readonly test: Pick<
    PairedTest,
    'difference' | 'tTest' | 'wilcoxon' | 'tTestHolm' | 'wilcoxonHolm' | 'family' | 'note'
  >;
  /** Which is better on average; null without a pair and for equal means. */
  readonly better: 'first' | 'second' | null;
  /** Whether the corrected test separates the two. */
  readonly separated: boolean;
  /** What is compared: the unit of the estimates ("points", "parameters"). */
  readonly unit: string;
}

/** Trials that one table alone has. */
export interface Alone extends Pick<Cell, 'dataset' | 'network' | 'series' | 'axis' | 'at'> {
  readonly seeds: readonly number[];
}

/** Two tables, cell by cell. */
export interface TableComparison {
  readonly cells: readonly CellComparison[];
  readonly onlyFirst: readonly Alone[];
  readonly onlySecond: readonly Alone[];
}

/** The records of a table, one benchmark's at one scale, and its benchmark where it is known: for the order of its rows and for what it compares. One without records has no cells. */
export interface ComparedTable {
  readonly records: readonly TrialRecord[];
  readonly benchmark?: Benchmark | undefined;
}

/**
 * Compares two tables: cells of the same network, series and point, their seeds paired where both have them. Tables are compared
 * by what the first one's kind of table compares, accuracy or size; Holm's correction is over the cells of a network.
 *
 * @throws PrunebenchError as `summarise` does
 */
export function compareTables(first: ComparedTable, second: ComparedTable): TableComparison {
  const benchmark = first.benchmark ?? second.benchmark;
  const tables = networksOf(first, benchmark).map((network) => shown(network));
  const others = networksOf(second, benchmark).flatMap(({ cells }) => cells);
  const bySpot = new Map(others.map((cell) => [spotOf(cell), cell]));
  const cells = tables.flatMap(({ network, kind }) => compareNetwork(network, bySpot, kind.compared));
  const mine = tables.flatMap(({ network }) => network.cells);
  return { cells, onlyFirst: alone(mine, others), onlySecond: alone(others, mine) };
}

function networksOf({ records }: ComparedTable, benchmark: Benchmark | undefined): readonly NetworkSummary[] {
  const [first] = records;
  if (first === undefined) return [];
  return summarise(records, benchmark?.trials(first.scale), benchmark?.measure).networks;
}

function compareNetwork(
  network: NetworkSummary,
  others: ReadonlyMap<string, Cell>,
  compared: Compared,
): readonly CellComparison[] {
  const pairs = network.cells.flatMap((cell): [Cell, Cell][] => {
    const other = others.get(spotOf(cell));
    return other === undefined ? [] : [[cell, other]];
  });
  const tests = compareCells(pairs, compared, compared.largestDifference(network));
  return pairs.map(([one, other], index): CellComparison => {
    const { difference, better, tTest, wilcoxon, tTestHolm, wilcoxonHolm, family, note } = tests[index];
    const { dataset, network: id, series, control, axis, at } = one;
    const seeds = seedsOf(one).filter((seed) => seedsOf(other).includes(seed));
    const ahead = (difference?.mean ?? 0) > 0 === (compared.better === 'higher') ? 'first' : 'second';
    return {
      ...{ dataset, network: id, series, control, axis, at, seeds },
      same: seeds.filter((seed) => isSame(outcome(one, seed), outcome(other, seed))),
      first: compared.over(one),
      second: compared.over(other),
      test: { difference, tTest, wilcoxon, tTestHolm, wilcoxonHolm, family, note },
      better: better === null ? null : ahead,
      separated: isSeparated(tests[index]),
      unit: compared.unit,
    };
  });
}

/** Where a cell stands, whatever table it is of. */
function spotOf({ dataset, network, series, axis, at }: Cell): string {
  return JSON.stringify([dataset, network, series, axis, at]);
}

function seedsOf({ trials, failures }: Cell): readonly number[] {
  return [...trials, ...failures].map(({ seed }) => seed).sort((a, b) => a - b);
}

/** What a seed measured; null where it failed. */
function outcome({ trials }: Cell, seed: number): Measured | null {
  return trials.find((trial) => trial.seed === seed)?.measured ?? null;
}

function isSame(one: Measured | null, other: Measured | null): boolean {
  if (one === null || other === null) return one === other;
  // Records of earlier versions say less.
  const known = new Map(Object.entries(other));
  const both = Object.entries(one).filter(([name]) => known.has(name));
  return both.every(([name, value]) => canonicalJson(value) === canonicalJson(known.get(name)));
}

function alone(cells: readonly Cell[], others: readonly Cell[]): readonly Alone[] {
  const there = new Map(others.map((cell) => [spotOf(cell), seedsOf(cell)]));
  return cells.flatMap((cell) => {
    const { dataset, network, series, axis, at } = cell;
    const seeds = seedsOf(cell).filter((seed) => !there.get(spotOf(cell))?.includes(seed));
    return seeds.length === 0 ? [] : [{ dataset, network, series, axis, at, seeds }];
  });
}

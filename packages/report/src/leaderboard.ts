import { join } from 'node:path';
import { type ScaleName, scales, type TrialRecord, type TrialSpec } from '@prunebench/core';
import { writeWhole } from '@prunebench/files';
import { loadRecords } from '@prunebench/records';
import { declaredRecords } from './declaration.ts';
import { belongsTo, publishedValues } from './published.ts';
import { renderCsv } from './render/csv.ts';
import type { ReportSource } from './report.ts';
import { isUnpruned } from './summary/same-budget.ts';
import { summarise } from './summary/summary.ts';
import { allShown } from './tables/kinds.ts';
import { leaderboardTable } from './tables/leaderboard.ts';
import { type PublishedRow, publishedTable } from './tables/leaderboard-published.ts';
import { leaderboardRows, type RankedTable } from './tables/leaderboard-rows.ts';

export interface LeaderboardOptions {
  readonly resultsDir: string;
  /** All records of the results folder; read from it where they are left out. */
  readonly records?: readonly TrialRecord[];
  /** A trial's key; see `ReportOptions`. */
  readonly keyOf?: (spec: TrialSpec) => string;
}

/** Writes the leaderboard's files over all benchmarks, files that are no record left out, and returns their paths. */
export async function writeLeaderboard(
  sources: readonly ReportSource[],
  options: LeaderboardOptions,
): Promise<readonly string[]> {
  const records = options.records ?? (await loadRecords(options.resultsDir, { onCorrupt: 'report' })).records;
  const written: string[] = [];
  for (const [name, text] of renderLeaderboard(sources, records, options.keyOf)) {
    const file = join(options.resultsDir, name);
    await writeWhole(file, text);
    written.push(file);
  }
  return written;
}

/**
 * Name -> text of the files at the top of a results folder: `leaderboard.csv`, every cell of every table and the networks before pruning,
 * each with the state of its table; `leaderboard-published.csv`, what papers print for these networks. Both have the same columns
 * whatever the folder holds; docs/reference/leaderboard.md says what they mean. Records that no benchmark declares are left out.
 */
export function renderLeaderboard(
  sources: readonly ReportSource[],
  records: readonly TrialRecord[],
  keyOf?: (spec: TrialSpec) => string,
): ReadonlyMap<string, string> {
  const byBenchmark = Map.groupBy(records, ({ benchmark }) => benchmark);
  const found = sources.map((source) => {
    const own = byBenchmark.get(source.benchmark.id) ?? [];
    const tables = scales.flatMap((scale) => tablesOf(source, scale, own, keyOf));
    return { tables, published: tables.length === 0 ? [] : publishedRows(source, tables) };
  });
  const rows = found.flatMap(({ tables }) => tables.flatMap(leaderboardRows));
  return new Map([
    ['leaderboard.csv', renderCsv(leaderboardTable(rows))],
    ['leaderboard-published.csv', renderCsv(publishedTable(found.flatMap(({ published }) => published)))],
  ]);
}

function tablesOf(
  { benchmark }: ReportSource,
  scale: ScaleName,
  own: readonly TrialRecord[],
  keyOf?: (spec: TrialSpec) => string,
): RankedTable[] {
  const { records, trials, completeFor, missingFor } = declaredRecords(benchmark, scale, own, keyOf);
  if (records.length === 0) return [];
  const all = allShown(summarise(records, trials, benchmark.measure));
  return all.map((shown) => {
    const { dataset, network } = shown.network;
    const missing = missingFor(dataset, network);
    const siblings = all.filter((other) => other.network.dataset === dataset && other.network.network === network);
    return {
      ...shown,
      benchmark: benchmark.id,
      scale,
      missing,
      state: missing === 0 ? 'complete' : completeFor(dataset, network) ? 'pending' : 'partial',
      seeds: benchmark.seeds[scale],
      unpruned: siblings.flatMap((each) => each.network.cells).filter(isUnpruned),
    };
  });
}

/** Every value once: beside the first table, by scale, that it belongs to. */
function publishedRows(
  { benchmark, published, publishedFile }: ReportSource,
  tables: readonly RankedTable[],
): PublishedRow[] {
  return publishedValues(benchmark, published, publishedFile).flatMap((value) => {
    const table = tables.find(({ network }) => belongsTo(value, network));
    return table === undefined ? [] : [{ table, value }];
  });
}

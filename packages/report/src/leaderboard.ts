import { join } from 'node:path';
import type { ScaleName, TrialRecord, TrialSpec } from '@prunebench/core';
import { writeWhole } from '@prunebench/files';
import { loadRecords } from '@prunebench/records';
import { declaredRecords } from './declaration.ts';
import { publishedValues } from './published.ts';
import { publishedScales } from './published-files.ts';
import { renderCsv } from './render/csv.ts';
import type { ReportSource } from './report.ts';
import { summarise } from './summary/summary.ts';
import { allShown } from './tables/kinds.ts';
import { type LeaderboardLine, leaderboardLines, leaderboardTable } from './tables/leaderboard.ts';

export interface LeaderboardOptions {
  readonly resultsDir: string;
  /** All records of the results folder; read from it where they are left out. */
  readonly records?: readonly TrialRecord[];
  /** A trial's key; see `ReportOptions`. */
  readonly keyOf?: (spec: TrialSpec) => string;
}

/** Writes `<results>/leaderboard.csv` over all benchmarks, files that are no record left out, and returns its path. */
export async function writeLeaderboard(sources: readonly ReportSource[], options: LeaderboardOptions): Promise<string> {
  const records = options.records ?? (await loadRecords(options.resultsDir, { onCorrupt: 'report' })).records;
  const file = join(options.resultsDir, 'leaderboard.csv');
  await writeWhole(file, renderLeaderboard(sources, records, options.keyOf));
  return file;
}

/**
 * All trained cells of the published scales, of networks whose trials are complete; only those of tables that compare at equal
 * sparsity (not of sizes, whose networks have none in common, nor of speed, which put structures and other tables' trials side by
 * side). Ranks are among the series of one benchmark and scale, which share pretrained weights and budget; series that the paired tests
 * cannot separate share one.
 */
export function renderLeaderboard(
  sources: readonly ReportSource[],
  records: readonly TrialRecord[],
  keyOf?: (spec: TrialSpec) => string,
): string {
  const lines = sources.flatMap((source) => publishedScales.flatMap((scale) => linesOf(source, scale, records, keyOf)));
  return renderCsv(leaderboardTable(lines));
}

function linesOf(
  { benchmark, published, publishedFile }: ReportSource,
  scale: ScaleName,
  all: readonly TrialRecord[],
  keyOf?: (spec: TrialSpec) => string,
): LeaderboardLine[] {
  const own = all.filter((record) => record.benchmark === benchmark.id);
  const { records, trials, completeFor } = declaredRecords(benchmark, scale, own, keyOf);
  const complete = records.filter(({ spec }) => completeFor(spec.dataset, spec.network));
  if (complete.length === 0) return [];
  const shown = allShown(summarise(complete, trials, benchmark.measure)).filter(({ kind }) => kind.ranked);
  if (shown.length === 0) return [];
  const values = publishedValues(benchmark, published, publishedFile);
  return shown.flatMap((each) => leaderboardLines(each, values, benchmark.id, scale));
}

/** Reports for those who do not hold the results folder's lock: a run may go on in it. */
import type { Notice } from '@prunebench/files';
import { lineOf, loadRecords } from '@prunebench/records';
import { type ReportTable, renderReport, writeLeaderboard, writeReport } from '@prunebench/report';
import { describeOtherCode } from '../code/records-of-other-code.ts';
import { trialKeys } from '../plan/keys.ts';
import type { Registry } from '../registry.ts';
import { reportSources } from './report-sources.ts';
import type { ResultsFolder } from './results-folder.ts';

/** A benchmark's tables as far as its records go. */
export interface InterimReport {
  readonly benchmark: string;
  readonly tables: readonly ReportTable[];
  /** What the reader of the tables should know. */
  readonly notes: readonly string[];
  /** Empty where nothing is written. */
  readonly files: readonly string[];
}

export interface InterimOptions {
  /** Where tables, plots and the leaderboard go, another folder than the results; absent: nothing is written, and nothing drawn. */
  readonly output?: string | undefined;
  readonly notice: Notice;
}

/**
 * The tables of some benchmarks from the records that are there. Writes nothing into the results folder, not even records in their
 * published form, and leaves the benchmarks' READMEs as they are.
 *
 * @returns `corrupt`: how many files could not be believed and were left out
 */
export async function interimReports(
  ids: readonly string[],
  registry: Registry,
  folder: ResultsFolder,
  { output, notice }: InterimOptions,
): Promise<{ readonly reports: readonly InterimReport[]; readonly corrupt: number }> {
  const { records, places, corrupt } = await loadRecords(folder.root, { onCorrupt: 'report' });
  for (const each of corrupt) notice(`Record ${lineOf(each)} is corrupt (${each.reason}) and left out.`);
  const options = { resultsDir: output ?? folder.root, keyOf: trialKeys(registry) };
  const sources = await reportSources(registry, folder);
  const reports: InterimReport[] = [];
  for (const { benchmark, published } of sources.filter((source) => ids.includes(source.benchmark.id))) {
    const own = records.filter((record) => places.get(record)!.table.benchmark === benchmark.id);
    for (const line of await describeOtherCode(own, registry)) notice(`Of other code than this: ${line}.`);
    const source = { benchmark, published };
    const made =
      output === undefined
        ? { ...(await renderReport(source, { ...options, records: own, pictures: false })), files: [] }
        : await writeReport(source, { ...options, records: own });
    reports.push({ benchmark: benchmark.id, tables: made.tables, notes: made.notes, files: made.files });
  }
  if (output !== undefined) await writeLeaderboard(sources, { ...options, records });
  return { reports, corrupt: corrupt.length };
}

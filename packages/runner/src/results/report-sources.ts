import { basename, dirname, join, resolve } from 'node:path';
import type { TrialSpec } from '@prunebench/core';
import { exists, type Notice, sweepLeftovers } from '@prunebench/files';
import { foldRecords, lineOf, loadRecords } from '@prunebench/records';
import {
  loadPublished,
  type ReportSource,
  type WrittenReport,
  writeLeaderboard,
  writeReport,
} from '@prunebench/report';
import { describeOtherCode } from '../code/records-of-other-code.ts';
import { trialKey } from '../plan/keys.ts';
import type { BenchmarkEntry, Registry } from '../registry.ts';
import { repositoryRoot } from '../repository.ts';
import type { ResultsFolder } from './results-folder.ts';

/** How the report asks for a trial's key. */
export function keyOf(registry: Registry): (spec: TrialSpec) => string {
  return (spec) => trialKey(spec, registry);
}

/** Files that may show the table of one network of some benchmark. */
const EXCERPTS = ['README.md', 'docs/what-we-found.md'];

/** A benchmark with what lies beside its declaration; its README and the excerpts only where the results are the repository's own. */
async function reportSource(entry: BenchmarkEntry, folder: ResultsFolder): Promise<ReportSource> {
  const benchmark = await entry.load();
  if (entry.folder === undefined) return { benchmark, published: [] };
  const published = await loadPublished(join(entry.folder, 'published.csv'));
  const readme = join(entry.folder, 'README.md');
  if (folder.root !== resolve(repositoryRoot, 'results')) return { benchmark, published };
  const excerpts = EXCERPTS.map((file) => join(repositoryRoot, file));
  return (await exists(readme)) ? { benchmark, published, readme, excerpts } : { benchmark, published, excerpts };
}

/** The sources of all benchmarks, also of those that the folder has no records of: their READMEs must say nothing then. */
export async function reportSources(registry: Registry, folder: ResultsFolder): Promise<readonly ReportSource[]> {
  return Promise.all([...registry.benchmarks.values()].map((entry) => reportSource(entry, folder)));
}

/** What was written, and how many files could not be believed and were left out. */
export interface ReportsWritten extends WrittenReport {
  readonly corrupt: number;
}

/**
 * Publishes a benchmark's records, writes its tables and plots from all of them, and the leaderboard over all benchmarks. Files that are no
 * record are named and left out; records of this benchmark that other code computed are named and shown. For who holds the
 * folder's lock.
 */
export async function writeReports(
  entry: BenchmarkEntry,
  registry: Registry,
  folder: ResultsFolder,
  notice: Notice,
): Promise<ReportsWritten> {
  await foldRecords(folder.root, entry.id);
  const { records: all, places, corrupt } = await loadRecords(folder.root, { onCorrupt: 'report' });
  for (const each of corrupt)
    notice(
      `Record ${lineOf(each)} is corrupt (${each.reason}) and left out; run its benchmark again to have it computed again.`,
    );
  const records = all.filter((record) => places.get(record)!.table.benchmark === entry.id);
  for (const line of await describeOtherCode(records, registry)) notice(`Of other code than this: ${line}.`);
  const options = { resultsDir: folder.root, keyOf: keyOf(registry) };
  const source = await reportSource(entry, folder);
  for (const file of [source.readme ?? [], source.excerpts ?? []].flat())
    await sweepLeftovers(dirname(file), { of: [basename(file)] });
  const report = await writeReport(source, { ...options, records });
  const leaderboard = await writeLeaderboard(await reportSources(registry, folder), { ...options, records: all });
  return { ...report, files: [...report.files, leaderboard], corrupt: corrupt.length };
}

import { basename, dirname, join, resolve, sep } from 'node:path';
import type { TrialSpec } from '@prunebench/core';
import { sweepLeftovers } from '@prunebench/files';
import {
  loadPublished,
  loadRecords,
  type ReportSource,
  type WrittenReport,
  writeLeaderboard,
  writeReport,
} from '@prunebench/report';
import { describeOtherCode } from './code/records-of-other-code.ts';
import { exists } from './files.ts';
import { trialKey } from './keys.ts';
import type { Notice } from './record-store.ts';
import type { BenchmarkEntry, Registry } from './registry.ts';
import { repositoryRoot } from './repository.ts';
import type { ResultsFolder } from './results-folder.ts';

/** How the report asks for a trial's key. */
export function keyOf(registry: Registry): (spec: TrialSpec) => string {
  return (spec) => trialKey(spec, registry);
}

/** Files that may show the table of one network of some benchmark. */
const EXCERPTS = ['README.md', 'docs/what-we-found.md'];

/** A benchmark with what lies beside its declaration; its README and the excerpts only where the results are the repository's own. */
export async function reportSource(entry: BenchmarkEntry, folder: ResultsFolder): Promise<ReportSource> {
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
 * Writes a benchmark's tables and plots from all its records, and the leaderboard over all benchmarks. Files that are no
 * record are named and left out; records of this benchmark that other code computed are named and shown. For who holds the
 * folder's lock.
 */
export async function writeReports(
  entry: BenchmarkEntry,
  registry: Registry,
  folder: ResultsFolder,
  notice: Notice,
): Promise<ReportsWritten> {
  const { records: all, files, corrupt } = await loadRecords(folder.root, { onCorrupt: 'report' });
  for (const { file, reason } of corrupt)
    notice(`Record ${file} is corrupt (${reason}) and left out; run its benchmark again to have it computed again.`);
  const own = join(folder.root, entry.id) + sep;
  const records = all.filter((record) => files.get(record)!.startsWith(own));
  for (const line of await describeOtherCode(records, registry)) notice(`Of other code than this: ${line}.`);
  const options = { resultsDir: folder.root, keyOf: keyOf(registry) };
  const source = await reportSource(entry, folder);
  for (const file of [source.readme ?? [], source.excerpts ?? []].flat())
    await sweepLeftovers(dirname(file), { of: [basename(file)] });
  const report = await writeReport(source, { ...options, records });
  const leaderboard = await writeLeaderboard(await reportSources(registry, folder), options);
  return { ...report, files: [...report.files, leaderboard], corrupt: corrupt.length };
}

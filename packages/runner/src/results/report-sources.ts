import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { exists, type Notice, readTextIfThere, sweepLeftovers } from '@prunebench/files';
import { foldRecords, lineOf, loadRecords } from '@prunebench/records';
import { type ReportSource, START, type WrittenReport, writeLeaderboard, writeReport } from '@prunebench/report';
import type { BenchmarkEntry } from '../benchmark-folders.ts';
import { describeOtherCode } from '../code/records-of-other-code.ts';
import { isOfItsKey, trialKeys } from '../plan/keys.ts';
import type { Registry } from '../registry.ts';
import { repositoryRoot } from '../repository.ts';
import { publishedOf } from './published-of.ts';
import type { ResultsFolder } from './results-folder.ts';

/** Files that may show the table of one network of some benchmark. */
const EXCERPTS = ['README.md', 'docs/what-we-found.md'];

/**
 * A benchmark with what lies beside its declaration. Its README is kept in step where the results are its own: the repository's, which
 * have excerpts in other files too, or those in a folder of the plugin's, where the README has a place for a table.
 */
async function reportSource(entry: BenchmarkEntry, folder: ResultsFolder): Promise<ReportSource> {
  const benchmark = await entry.load();
  const source: ReportSource = { benchmark, ...(await publishedOf(benchmark, entry)) };
  if (entry.folder === undefined) return source;
  const readme = join(entry.folder, 'README.md');
  if (entry.plugin !== undefined)
    return liesIn(folder.root, dirname(entry.plugin)) && (await hasTablePlace(readme)) ? { ...source, readme } : source;
  if (folder.root !== resolve(repositoryRoot, 'results')) return source;
  const excerpts = EXCERPTS.map((file) => join(repositoryRoot, file));
  return (await exists(readme)) ? { ...source, readme, excerpts } : { ...source, excerpts };
}

function liesIn(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return !way.startsWith('..') && !isAbsolute(way);
}

async function hasTablePlace(readme: string): Promise<boolean> {
  return ((await readTextIfThere(readme)) ?? '').includes(START);
}

/** The sources of all benchmarks, also of those that the folder has no records of: their READMEs must say nothing then. */
export async function reportSources(registry: Registry, folder: ResultsFolder): Promise<readonly ReportSource[]> {
  return Promise.all([...registry.benchmarks.values()].map((entry) => reportSource(entry, folder)));
}

/** What came of a report of one or more benchmarks. */
export interface ReportsWritten {
  /** What was written for each benchmark, in their order. */
  readonly reports: readonly BenchmarkReport[];
  /** The leaderboard's files, over all benchmarks. */
  readonly leaderboard: readonly string[];
  /** How many files could not be believed and were left out. */
  readonly corrupt: number;
}

/** What was written for one benchmark. */
export interface BenchmarkReport extends WrittenReport {
  readonly benchmark: string;
}

export interface ReportListeners {
  readonly notice: Notice;
  /** Hears of each benchmark's report when it is written. */
  readonly written?: (report: BenchmarkReport) => void;
  /** Hears why a benchmark cannot be reported, and throws unless the others are to be; by default it throws. */
  readonly failed?: (error: unknown) => void;
}

/**
 * Publishes the records of some benchmarks, writes their tables and plots, and the leaderboard over all benchmarks; the records are
 * read once. Files that are no record are named and left out; records of these benchmarks that other code computed are named and
 * shown. For who holds the folder's lock.
 */
export async function writeReports(
  entries: readonly BenchmarkEntry[],
  registry: Registry,
  folder: ResultsFolder,
  { notice, written, failed = raise }: ReportListeners,
): Promise<ReportsWritten> {
  const unreadable = new Map<string, Error>();
  const reported: BenchmarkEntry[] = [];
  for (const entry of entries) await foldRecords(folder.root, entry.id).then(() => reported.push(entry), failed);
  const loaded = await loadRecords(folder.root, {
    onCorrupt: 'report',
    onUnreadable: ({ benchmark }, error) => unreadable.set(benchmark, error),
  });
  const { places, corrupt } = loaded;
  for (const each of corrupt)
    notice(
      `Record ${lineOf(each)} is corrupt (${each.reason}) and left out; run its benchmark again to have it computed again.`,
    );
  const keyOf = trialKeys(registry);
  const all = loaded.records.filter((record) => {
    if (isOfItsKey(record, registry, keyOf) !== false) return true;
    notice(`Record ${lineOf(places.get(record)!)} is left out: its key is not that of its spec.`);
    return false;
  });
  const options = { resultsDir: folder.root, keyOf };
  const reports: BenchmarkReport[] = [];
  for (const entry of reported) {
    const error = unreadable.get(entry.id);
    if (error) {
      failed(error);
      continue;
    }
    const records = all.filter((record) => places.get(record)!.table.benchmark === entry.id);
    for (const line of await describeOtherCode(records, registry)) notice(`Of other code than this: ${line}.`);
    const source = await reportSource(entry, folder);
    for (const file of [source.readme ?? [], source.excerpts ?? []].flat())
      await sweepLeftovers(dirname(file), { of: [basename(file)] });
    const report = { benchmark: entry.id, ...(await writeReport(source, { ...options, records })) };
    reports.push(report);
    written?.(report);
  }
  const wrong = corrupt.length + loaded.records.length - all.length + unreadable.size;
  // A leaderboard without one of its tables would claim that nobody has computed it.
  for (const [benchmark, { message }] of unreadable)
    notice(`The leaderboard stays as it is, as records of ${benchmark} cannot be read: ${message}`);
  if (unreadable.size > 0) return { reports, leaderboard: [], corrupt: wrong };
  const leaderboard = await writeLeaderboard(await reportSources(registry, folder), { ...options, records: all });
  return { reports, leaderboard, corrupt: wrong };
}

function raise(error: unknown): never {
  throw error;
}

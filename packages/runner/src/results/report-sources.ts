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
  let unreadable = 0;
  const loaded = await loadRecords(folder.root, {
    onCorrupt: 'report',
    onUnreadable({ benchmark }, error) {
      if (benchmark === entry.id) throw error;
      unreadable++;
      notice(`The leaderboard stays as it is, as records of ${benchmark} cannot be read: ${error.message}`);
    },
  });
  const { places, corrupt } = loaded;
  for (const each of corrupt)
    notice(
      `Record ${lineOf(each)} is corrupt (${each.reason}) and left out; run its benchmark again to have it computed again.`,
    );
  const all = loaded.records.filter((record) => {
    if (isOfItsKey(record, registry) !== false) return true;
    notice(`Record ${lineOf(places.get(record)!)} is left out: its key is not that of its spec.`);
    return false;
  });
  const records = all.filter((record) => places.get(record)!.table.benchmark === entry.id);
  for (const line of await describeOtherCode(records, registry)) notice(`Of other code than this: ${line}.`);
  const options = { resultsDir: folder.root, keyOf: trialKeys(registry) };
  const source = await reportSource(entry, folder);
  for (const file of [source.readme ?? [], source.excerpts ?? []].flat())
    await sweepLeftovers(dirname(file), { of: [basename(file)] });
  const report = await writeReport(source, { ...options, records });
  const wrong = corrupt.length + loaded.records.length - all.length + unreadable;
  // A leaderboard without one of its tables would claim that nobody has computed it.
  if (unreadable > 0) return { ...report, corrupt: wrong };
  const leaderboard = await writeLeaderboard(await reportSources(registry, folder), { ...options, records: all });
  return { ...report, files: [...report.files, leaderboard], corrupt: wrong };
}

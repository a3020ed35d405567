import { resolve } from 'node:path';
import { lockHolder, makeFolder } from '@prunebench/files';
import { benchmarksWithRecords } from '@prunebench/records';
import { lookUp } from '../options/suggest.ts';
import { type BenchmarkEntry, loadRegistry } from '../registry.ts';
import { withResults } from '../results/lock.ts';
import { interimReports, type ReportsWritten, writeReports, writeReportsTo } from '../results/report-sources.ts';
import { existingResults } from '../results/results-folder.ts';

export interface ReportCommandOptions {
  readonly output?: string;
  readonly results: string;
  readonly plugin: string[];
  readonly json: boolean;
}

/** A report, or the part of it that nothing was written of. */
type Reported = Omit<ReportsWritten, 'files'> & { readonly files?: readonly string[] };

/**
 * Writes tables, plots and the leaderboard from the records that are there; a file that is no record makes the exit code 1. While a
 * run holds the folder, its tables are shown as far as they are, and nothing is written.
 */
export async function report(name: string | undefined, options: ReportCommandOptions): Promise<void> {
  const { results, plugin, json } = options;
  const registry = await loadRegistry(plugin);
  const folder = await existingResults(results);
  const names = name === undefined ? await benchmarksWithRecords(folder.root) : [name];
  const entries = names.map((id) => lookUp(registry.benchmarks, 'benchmark', id));
  const output = options.output === undefined ? folder.root : resolve(options.output);
  const notice = (line: string) => console.error(line);
  const reported: (readonly [string, Reported])[] = [];
  const each = async (make: (entry: BenchmarkEntry) => Promise<Reported>) => {
    for (const entry of entries) {
      const made = await make(entry);
      reported.push([entry.id, made]);
      if (made.corrupt > 0) process.exitCode = 1;
      if (!json) print(entry.id, made);
    }
  };
  const holder = await lockHolder(folder.lock);
  if (output !== folder.root) {
    await makeFolder(output, '--output');
    await each((entry) => writeReportsTo(output, entry, registry, folder, notice));
  } else if (holder?.alive) {
    notice(
      `Process ${holder.pid} on ${holder.host} is writing to ${folder.root}: shown is what there is by now, and nothing is written. ` +
        'prunebench status says how far it is; --output <folder> writes tables and plots elsewhere.\n',
    );
    await each((entry) => interimReports(entry, registry, folder, notice));
  } else await withResults(folder.root, (held) => each((entry) => writeReports(entry, registry, held, notice)));
  if (json) console.log(JSON.stringify(reported.map(inJson), null, 2));
}

function print(id: string, { tables, files = [], notes }: Reported): void {
  for (const { scale, counts, markdown } of tables)
    console.log(`${id}, scale ${scale}: ${counts.recorded} of ${counts.declared} trials\n\n${markdown}\n`);
  for (const note of notes) console.log(note);
  for (const file of files) console.log(file);
}

function inJson([benchmark, { tables, files, notes }]: readonly [string, Reported]) {
  const scales = tables.map(({ scale, complete, counts }) => ({ scale, complete, ...counts }));
  return { benchmark, tables: scales, files: files ?? [], notes };
}

import { DERIVED, PrunebenchError } from '@prunebench/core';
import { diskError, lockHolder, makeFolder } from '@prunebench/files';
import { benchmarksWithRecords } from '@prunebench/records';
import { printError } from '../errors/print-error.ts';
import { fromHere } from '../options/from-here.ts';
import { lookUp } from '../options/suggest.ts';
import { withResults } from '../results/lock.ts';
import { registryFor } from '../results/remembered-plugins.ts';
import { type BenchmarkReport, writeReports } from '../results/report-sources.ts';
import { existingResults } from '../results/results-folder.ts';
import { print, type Setting, settingFor } from '../terminal/setting.ts';
import { interimReport } from './interim-report.ts';

export interface ReportCommandOptions {
  readonly output?: string;
  readonly results: string;
  readonly plugin: string[];
  readonly markdown: boolean;
  readonly json: boolean;
}

/**
 * Writes tables, plots and the leaderboard from the records that are there; a file that is no record makes the exit code 1. While a
 * run holds the folder, they are shown as far as they are; they are written into another folder where that is asked for.
 */
export async function report(name: string | undefined, options: ReportCommandOptions): Promise<void> {
  const { results, plugin, markdown, json } = options;
  const found = await existingResults(results);
  const { root } = found;
  const registry = await registryFor(found, plugin);
  const recorded = await benchmarksWithRecords(root);
  const names = name === undefined ? withDeclaration(recorded) : [declaredTable(name)];
  const entries = names.map((id) => lookUp(registry.benchmarks, 'benchmark', id));
  if (name !== undefined && !recorded.includes(name))
    throw new PrunebenchError(`There are no records of benchmark "${name}" in ${root}.`, {
      remedy: `Run it first (./prunebench run ${name}), or name the folder of its run with --results. Benchmarks with records there: ${recorded.join(', ') || 'none'}.`,
    });
  const output = options.output === undefined ? undefined : await otherFolder(options.output, root);
  if (output !== undefined || (await lockHolder(found.lock))?.alive)
    return interimReport(names, registry, found, { output, markdown, json });
  await withResults(root, async (folder) => {
    const { reports, leaderboard, corrupt } = await writeReports(entries, registry, folder, {
      notice: (line) => console.error(line),
      ...(json ? {} : { written: (written) => printReport(written, settingFor(markdown, process.stdout)) }),
      // One table's conflict is no reason to go without the others; a full disk is.
      failed: (error) => {
        if (name !== undefined || !(error instanceof PrunebenchError) || diskError(error)) throw error;
        printError(error);
        process.exitCode = 1;
      },
    });
    if (corrupt > 0) process.exitCode = 1;
    if (!json) for (const file of leaderboard) console.log(file);
    else {
      const written = reports.map(({ benchmark, files, notes }) => ({
        benchmark,
        files: [...files, ...leaderboard],
        notes,
      }));
      console.log(JSON.stringify(written, null, 2));
    }
  });
}

/** The folder of that name, made where it is not there; the results folder is no other one. */
async function otherFolder(name: string, root: string): Promise<string | undefined> {
  const folder = fromHere(name);
  if (folder === root) return undefined;
  await makeFolder(folder, '--output');
  return folder;
}

function printReport({ benchmark, tables, notes, files }: BenchmarkReport, set: Setting): void {
  for (const table of tables) print(`${benchmark}, scale ${table.scale}\n\n${set.report(table)}\n`);
  for (const note of notes) print(set.text(note));
  for (const file of files) console.log(file);
}

/** The benchmarks that have records; a table of one's own question is left to the command that asks it, which a line says. */
function withDeclaration(names: readonly string[]): readonly string[] {
  for (const name of names.filter(isOwnTable))
    console.error(`${name} is left out: the command that made this table writes it again.`);
  return names.filter((name) => !isOwnTable(name));
}

/** @throws PrunebenchError for a table that no file declares */
function declaredTable(name: string): string {
  if (!isOwnTable(name)) return name;
  throw new PrunebenchError(`${name} is a table of a question of one's own, which no file declares.`, {
    remedy: 'Give the command that made it again: it computes nothing that is finished, and writes the table.',
  });
}

function isOwnTable(name: string): boolean {
  return name.includes(DERIVED);
}

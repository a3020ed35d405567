import { lockHolder } from '@prunebench/files';
import type { Registry } from '../registry.ts';
import { type InterimReport, interimReports } from '../results/interim-reports.ts';
import type { ResultsFolder } from '../results/results-folder.ts';
import { print, type Setting, settingFor } from '../terminal/setting.ts';

export interface InterimReportOptions {
  readonly output?: string | undefined;
  readonly markdown: boolean;
  readonly json: boolean;
}

/**
 * Shows tables as far as they are, each with how many of its trials there are, and writes them into another folder where one is
 * named; a file that is no record makes the exit code 1.
 */
export async function interimReport(
  ids: readonly string[],
  registry: Registry,
  folder: ResultsFolder,
  { output, markdown, json }: InterimReportOptions,
): Promise<void> {
  const notice = (line: string) => console.error(line);
  const holder = await lockHolder(folder.lock);
  if (holder?.alive && output === undefined)
    notice(
      `Process ${holder.pid} on ${holder.host} is writing to ${folder.root}: shown is what there is by now, and nothing is written. ` +
        './prunebench status says how far it is; --output <folder> writes tables and plots elsewhere.\n',
    );
  const { reports, corrupt } = await interimReports(ids, registry, folder, { output, notice });
  if (corrupt > 0) process.exitCode = 1;
  if (json) console.log(JSON.stringify(reports.map(inJson), null, 2));
  else for (const report of reports) printReport(report, settingFor(markdown, process.stdout));
}

function printReport({ benchmark, tables, files, notes }: InterimReport, set: Setting): void {
  for (const table of tables) {
    const { scale, counts } = table;
    print(`${benchmark}, scale ${scale}: ${counts.recorded} of ${counts.declared} trials\n\n${set.report(table)}\n`);
  }
  for (const note of notes) print(set.text(note));
  for (const file of files) console.log(file);
}

function inJson({ benchmark, tables, files, notes }: InterimReport) {
  return {
    benchmark,
    tables: tables.map(({ scale, complete, counts }) => ({ scale, complete, ...counts })),
    files,
    notes,
  };
}

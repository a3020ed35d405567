import { DERIVED, PrunebenchError } from '@prunebench/core';
import { benchmarksWithRecords } from '@prunebench/records';
import { lookUp } from '../options/suggest.ts';
import { withResults } from '../results/lock.ts';
import { registryFor } from '../results/remembered-plugins.ts';
import { writeReports } from '../results/report-sources.ts';
import { existingResults } from '../results/results-folder.ts';

export interface ReportCommandOptions {
  readonly results: string;
  readonly plugin: string[];
  readonly json: boolean;
}

/** Writes tables, plots and the leaderboard from the records that are there; a file that is no record makes the exit code 1. */
export async function report(name: string | undefined, { results, plugin, json }: ReportCommandOptions): Promise<void> {
  const { root } = await existingResults(results);
  const registry = await registryFor({ root }, plugin);
  const names = name === undefined ? await withDeclaration(root) : [declaredTable(name)];
  const entries = names.map((id) => lookUp(registry.benchmarks, 'benchmark', id));
  await withResults(root, async (folder) => {
    const written = [];
    for (const entry of entries) {
      const { tables, files, notes, corrupt } = await writeReports(entry, registry, folder, (line) =>
        console.error(line),
      );
      if (corrupt > 0) process.exitCode = 1;
      written.push({ benchmark: entry.id, files, notes });
      if (json) continue;
      for (const { scale, markdown } of tables) console.log(`${entry.id}, scale ${scale}\n\n${markdown}\n`);
      for (const note of notes) console.log(note);
      for (const file of files) console.log(file);
    }
    if (json) console.log(JSON.stringify(written, null, 2));
  });
}

/** The benchmarks that have records; a table of one's own question is left to the command that asks it, which a line says. */
async function withDeclaration(root: string): Promise<readonly string[]> {
  const names = await benchmarksWithRecords(root);
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

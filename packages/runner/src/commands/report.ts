import { Command } from 'commander';
import { takeLock } from '../lock.ts';
import { loadRegistry } from '../registry.ts';
import { writeReports } from '../report-sources.ts';
import { benchmarksWithRecords, existingResults } from '../results-folder.ts';
import { lookUp } from '../suggest.ts';
import { jsonOption, pluginOption, resultsOption } from './options.ts';

interface Options {
  readonly results: string;
  readonly plugin: string[];
  readonly json: boolean;
}

export function reportCommand(): Command {
  return new Command('report')
    .description('write tables, plots and the leaderboard again from the records')
    .argument('[benchmark]', 'only this one; by default every benchmark that has records')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .action(report);
}

async function report(name: string | undefined, { results, plugin, json }: Options): Promise<void> {
  const registry = await loadRegistry(plugin);
  const folder = await existingResults(results);
  const names = name === undefined ? await benchmarksWithRecords(folder) : [name];
  const entries = names.map((id) => lookUp(registry.benchmarks, 'benchmark', id));
  const release = await takeLock(folder.lock);
  try {
    const written = [];
    for (const entry of entries) {
      const { tables, files, notes } = await writeReports(entry, registry, folder, (line) => console.error(line));
      written.push({ benchmark: entry.id, files, notes });
      if (json) continue;
      for (const { scale, markdown } of tables) console.log(`${entry.id}, scale ${scale}\n\n${markdown}\n`);
      for (const note of notes) console.log(note);
      for (const file of files) console.log(file);
    }
    if (json) console.log(JSON.stringify(written, null, 2));
  } finally {
    await release();
  }
}

import { verifyResults } from '@prunebench/report';
import { Command } from 'commander';
import { loadRegistry } from '../registry.ts';
import { keyOf, reportSources } from '../report-sources.ts';
import { existingResults } from '../results-folder.ts';
import { jsonOption, pluginOption, resultsOption } from './options.ts';

export function verifyCommand(): Command {
  return new Command('verify')
    .description('recompute every published table from the records and fail on any difference')
    .addOption(resultsOption())
    .addOption(pluginOption())
    .addOption(jsonOption())
    .action(async ({ results, plugin, json }: { results: string; plugin: string[]; json: boolean }) => {
      const registry = await loadRegistry(plugin);
      const folder = await existingResults(results);
      const sources = await reportSources(registry, folder);
      const differences = await verifyResults(sources, { resultsDir: folder.root, keyOf: keyOf(registry) });
      if (json)
        console.log(JSON.stringify({ benchmarks: sources.map(({ benchmark }) => benchmark.id), differences }, null, 2));
      else if (differences.length === 0)
        console.log(
          `Verified: every table of ${sources.map(({ benchmark }) => benchmark.id).join(', ')} follows from its records.`,
        );
      else
        for (const { file, line, expected, found } of differences)
          console.log(`${file}:${line}\n  from the records: ${expected}\n  in the file:      ${found}`);
      if (differences.length > 0) process.exitCode = 1;
    });
}

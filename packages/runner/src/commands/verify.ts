import { verifyResults } from '@prunebench/report';
import { loadRegistry } from '../registry.ts';
import { keyOf, reportSources } from '../report-sources.ts';
import { benchmarksWithRecords, existingResults } from '../results-folder.ts';

export interface VerifyOptions {
  readonly results: string;
  readonly plugin: readonly string[];
  readonly json: boolean;
}

/** Recomputes every published table from the records; a difference makes the exit code 1. */
export async function verify({ results, plugin, json }: VerifyOptions): Promise<void> {
  const registry = await loadRegistry(plugin);
  const folder = await existingResults(results);
  const sources = await reportSources(registry, folder);
  const differences = await verifyResults(sources, { resultsDir: folder.root, keyOf: keyOf(registry) });
  const benchmarks = await benchmarksWithRecords(folder);
  if (json) console.log(JSON.stringify({ benchmarks, differences }, null, 2));
  else if (differences.length === 0)
    console.log(`Verified: every table of ${benchmarks.join(', ')} follows from its records.`);
  else
    for (const { file, line, expected, found } of differences)
      console.log(
        `${line === null ? file : `${file}:${line}`}\n  from the records: ${expected}\n  in the file:      ${found}`,
      );
  if (differences.length > 0) process.exitCode = 1;
}

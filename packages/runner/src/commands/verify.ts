import { printableLines } from '@prunebench/core';
import { benchmarksWithRecords, loadRecords } from '@prunebench/records';
import { describeDifference, verifyResults } from '@prunebench/report';
import { describeOtherCode } from '../code/records-of-other-code.ts';
import { trialKeys } from '../plan/keys.ts';
import { registryFor } from '../results/remembered-plugins.ts';
import { reportSources } from '../results/report-sources.ts';
import { existingResults } from '../results/results-folder.ts';

export interface VerifyOptions {
  readonly results: string;
  readonly plugin: readonly string[];
  readonly json: boolean;
}

/**
 * Recomputes every published table from the records; a difference makes the exit code 1. Says besides which records carry no
 * digest, and which were computed by other code than this.
 */
export async function verify({ results, plugin, json }: VerifyOptions): Promise<void> {
  const folder = await existingResults(results);
  const registry = await registryFor(folder, plugin);
  const sources = await reportSources(registry, folder);
  const loaded = await loadRecords(folder.root, { onCorrupt: 'report' });
  const differences = await verifyResults(sources, { resultsDir: folder.root, keyOf: trialKeys(registry), loaded });
  const benchmarks = await benchmarksWithRecords(folder.root);
  const unsealed = [...loaded.places.values()].filter((place) => !place.sealed).length;
  const otherCode = await describeOtherCode(loaded.records, registry);
  if (json) console.log(JSON.stringify({ benchmarks, differences, unsealed, otherCode }, null, 2));
  else if (differences.length === 0)
    console.log(`Verified: every table of ${benchmarks.join(', ')} follows from its records.`);
  else for (const difference of differences) console.log(printableLines(describeDifference(difference).join('\n')));
  if (!json) for (const line of remarks(unsealed, otherCode)) console.log(line);
  if (differences.length > 0) process.exitCode = 1;
}

/** What a reader should know besides: it is no difference between the tables and their records. */
function remarks(unsealed: number, otherCode: readonly string[]): readonly string[] {
  const seals = `${unsealed} ${unsealed === 1 ? 'record carries' : 'records carry'} no digest: a number that was changed in them would not be noticed. scripts/seal-records.ts adds it.`;
  return [...(unsealed > 0 ? [seals] : []), ...otherCode.map((line) => `Of other code than this: ${line}.`)];
}

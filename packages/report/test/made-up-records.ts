import type { TrialRecord } from '@prunebench/core';
import { type NetworkSummary, summarise } from '../src/index.ts';
import { storedRecords } from './tiny-benchmark.ts';

/** What each series measured, seed by seed: test accuracies in percent, or parameters left of `total`. */
export type Measurements = Readonly<Record<string, readonly number[]>>;

/** Records of one network at one sparsity, made from a stored one: a record for every series and seed. */
export async function madeUpRecords(values: Measurements, total?: number): Promise<TrialRecord[]> {
  const [stored] = (await storedRecords()).filter(({ measured }) => measured?.final);
  const { measured, spec } = stored!;
  return Object.entries(values).flatMap(([series, ofSeries]) =>
    ofSeries.map((value, seed) => ({
      ...stored!,
      key: `${series}-${seed}`,
      series,
      spec: { ...spec, seed },
      measured:
        total === undefined
          ? { ...measured!, final: { ...measured!.final!, test: { accuracy: value, loss: 0 } } }
          : { ...measured!, parameters: { total, remaining: value } },
    })),
  );
}

/** The summary of such records. */
export async function madeUpNetwork(values: Measurements, total?: number): Promise<NetworkSummary> {
  const records = await madeUpRecords(values, total);
  return summarise(records, [], total === undefined ? 'accuracy' : 'size').networks[0]!;
}

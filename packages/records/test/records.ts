/** Made-up records, and folders of them. */
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SCHEMA_VERSION, type TrialRecord, trainOptions } from '@prunebench/core';
import { type RecordTable, recordTable, writeRecord } from '../src/index.ts';

/** A record with a key of its own; everything in it is made up. */
export function madeUp(key: string, change: Partial<TrialRecord> = {}): TrialRecord {
  const train = trainOptions.parse({ epochs: 1, batchSize: 10, learningRate: 0.1 });
  const scores = { validation: { accuracy: 91.5, loss: 0.25 }, test: { accuracy: 90.25, loss: 0.3 } };
  return {
    schema: SCHEMA_VERSION,
    key,
    benchmark: 'tiny',
    scale: 'smoke',
    series: 'global',
    control: false,
    spec: {
      dataset: 'blobs',
      network: 'mlp',
      method: 'magnitude',
      options: { scope: 'global', criterion: {} },
      sparsity: 0.5,
      pretrain: { ...train },
      retrain: null,
      seed: 0,
    },
    failure: null,
    measured: {
      sparsity: { requested: 0.5, achieved: 0.5 },
      layers: [{ name: 'fc/kernel', weights: 10, remaining: 5 }],
      masks: '0123456789abcdef0123456789abcdef',
      collapsedLayers: [],
      effective: { remaining: 5, sparsity: 0.5, cutLayers: [] },
      parameters: { total: 12, remaining: 7 },
      compressionRatio: 12 / 7,
      multiplyAdds: { dense: 10, remaining: 5 },
      theoreticalSpeedup: 2,
      fileBytes: { dense: 200, sparse: 150 },
      dense: scores,
      pruned: scores,
      final: scores,
      bestValidation: null,
      trainedExamples: 100,
    },
    run: {
      commit: 'abcdef0123456789',
      dirty: false,
      backend: 'cpu',
      threads: 1,
      versions: { node: 'v24' },
      host: { cpu: 'some', cores: 2, platform: 'linux x64' },
      datasetChecksum: 'blobs-1',
      finishedAt: '2026-01-01T00:00:00.000Z',
      computeSeconds: 1.5,
      stages: [{ key: '0123456789abcdef0123456789abcdef', kind: 'train', seconds: 1.5 }],
    },
    code: { entries: [{ name: 'step train', file: 'train.ts', digest: '1' }], network: '2', engine: { core: '3' } },
    ...change,
  };
}

/** The same trial run elsewhere and later, by other code, to the same numbers. */
export function elsewhere(record: TrialRecord): TrialRecord {
  const { spec, run, code } = record;
  const options = Object.fromEntries(Object.entries(spec.options).toReversed());
  return {
    ...record,
    spec: { ...spec, options },
    run: {
      ...run,
      commit: '0123456789abcdef',
      threads: 8,
      host: { cpu: 'other', cores: 16, platform: 'darwin arm64' },
      finishedAt: '2027-02-02T00:00:00.000Z',
      computeSeconds: 0.5,
      stages: [{ key: 'fedcba9876543210fedcba9876543210', kind: 'train', seconds: 0.5 }],
    },
    code: { ...code!, engine: { core: '4' } },
  };
}

export const names = (count: number): readonly string[] =>
  Array.from({ length: count }, (_, i) => i.toString(16).padStart(32, '0'));

/** An empty results folder with one table, and what is in it. */
export async function results() {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-records-'));
  const table = recordTable(root, 'tiny', 'smoke');
  return {
    root,
    table,
    write: async (records: readonly TrialRecord[], place: RecordTable = table) => {
      for (const record of records) await writeRecord(place, record.key, record);
    },
    /** All files by their path from the root. */
    async files(): Promise<ReadonlyMap<string, string>> {
      const entries = await readdir(root, { recursive: true, withFileTypes: true });
      const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
      const read = paths
        .sort()
        .map(async (path) => [path.slice(root.length + 1), await readFile(path, 'utf8')] as const);
      return new Map(await Promise.all(read));
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, maxRetries: 5 }),
  };
}

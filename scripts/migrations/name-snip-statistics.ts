/**
 * Records of SNIP from before its batch-norm statistics were an option say which ones they were computed with, and get the key
 * that this trial has now:
 *
 *     node scripts/migrations/name-snip-statistics.ts <results folder>
 *
 * They were computed with the batch's statistics. Where a network has no batch norm both are the same computation, and the
 * record becomes that of the default, the running ones. No measured number is touched.
 */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sealed, type TrialRecord, trialRecord } from '@prunebench/core';
import { loadRegistry, type Registry, trialKey } from '@prunebench/runner';

/** The record under its present identity; undefined for one that is none of SNIP's, or has it already. */
export function withStatistics(record: TrialRecord, registry: Registry): TrialRecord | undefined {
  const { spec } = record;
  const criterion = spec.options.criterion as Record<string, unknown> | undefined;
  if (spec.method !== 'snip' || criterion === undefined || 'statistics' in criterion) return undefined;
  const { shape } = registry.datasets.get(spec.dataset)!;
  const hasBatchNorm = registry
    .network(spec.network)
    .build(shape)
    .layers.some(({ kind }) => kind === 'batchNorm');
  const statistics = hasBatchNorm ? 'batch' : 'running';
  const options = { ...spec.options, criterion: { ...criterion, statistics } };
  return { ...record, spec: { ...spec, options }, key: trialKey({ ...spec, options }, registry) };
}

async function migrate(results: string): Promise<void> {
  const registry = await loadRegistry();
  const files = (await readdir(results, { recursive: true })).filter((path) =>
    /\/records\/[^/]+\/[^/]+\.json$/.test(path),
  );
  const paths = files.map((file) => join(results, file));
  const records = await Promise.all(
    paths.map(async (path) => trialRecord.parse(JSON.parse(await readFile(path, 'utf8')))),
  );
  const renamed = new Map<string, string>();
  const changed = records.map((record) => {
    const moved = withStatistics(record, registry);
    if (moved) renamed.set(record.key, moved.key);
    return moved;
  });
  for (const [i, record] of records.entries()) {
    const { speed } = record;
    const timed = speed && renamed.get(speed.timed);
    if (!changed[i] && timed === undefined) continue;
    const next = changed[i] ?? record;
    // A file's name is the trial's key, with a suffix where two series share one trial.
    const path = paths[i].replace(record.key, next.key);
    if (path !== paths[i]) await rm(paths[i]);
    const written = sealed(timed ? { ...next, speed: { ...speed, timed } } : next);
    await writeFile(path, `${JSON.stringify(written, null, 2)}\n`);
  }
  console.log(`${renamed.size} records of SNIP say which statistics they were computed with.`);
}

if (import.meta.main) {
  const [, , results] = process.argv;
  if (!results) throw new Error('usage: node scripts/migrations/name-snip-statistics.ts <results folder>');
  await migrate(results);
}

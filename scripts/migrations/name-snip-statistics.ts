/**
 * Records of SNIP from before its batch-norm statistics were an option say which ones they were computed with, and get the key
 * that this trial has now:
 *
 *     node scripts/migrations/name-snip-statistics.ts <results folder>
 *
 * They were computed with the batch's statistics. Where a network has no batch norm both are the same computation, and the
 * record becomes that of the default, the running ones. No measured number is touched.
 */
import type { TrialRecord } from '@prunebench/core';
import { foldRecords, loadRecords, rewriteRecords } from '@prunebench/records';
import { loadRegistry, type Registry, trialKey, withResults } from '@prunebench/runner';

/** The record under its present identity; undefined for one that is none of SNIP's, or has it already. */
export function withStatistics(record: TrialRecord, registry: Registry): TrialRecord | undefined {
  const { spec } = record;
  const { criterion } = spec.options;
  if (spec.method !== 'snip' || typeof criterion !== 'object' || criterion === null || 'statistics' in criterion)
    return undefined;
  const { shape } = registry.datasets.get(spec.dataset)!;
  const hasBatchNorm = registry
    .network(spec.network)
    .build(shape)
    .layers.some(({ kind }) => kind === 'batchNorm');
  const statistics = hasBatchNorm ? 'batch' : 'running';
  const options = { ...spec.options, criterion: { ...criterion, statistics } };
  return { ...record, spec: { ...spec, options }, key: trialKey({ ...spec, options }, registry) };
}

/** Gives the records below `results` their present identity, and says how many have a new one. */
async function nameStatistics(results: string, registry: Registry): Promise<number> {
  const { records } = await loadRecords(results);
  const renamed = new Map<string, string>();
  for (const record of records) {
    const next = withStatistics(record, registry);
    if (next) renamed.set(record.key, next.key);
  }
  await rewriteRecords(results, (record) => {
    const next = withStatistics(record, registry);
    const timed = record.speed && renamed.get(record.speed.timed);
    if (timed === undefined) return next;
    return { ...(next ?? record), speed: { ...record.speed!, timed } };
  });
  return renamed.size;
}

if (import.meta.main) {
  const [, , results] = process.argv;
  if (!results) throw new Error('usage: node scripts/migrations/name-snip-statistics.ts <results folder>');
  const registry = await loadRegistry();
  const renamed = await withResults(results, async ({ root }) => {
    const count = await nameStatistics(root, registry);
    await foldRecords(root);
    return count;
  });
  console.log(`${renamed} records of SNIP say which statistics they were computed with.`);
}

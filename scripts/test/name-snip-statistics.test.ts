import { fileURLToPath } from 'node:url';
import type { TrialRecord } from '@prunebench/core';
import { loadTable, recordTable } from '@prunebench/records';
import { loadRegistry } from '@prunebench/runner';
import test from 'ava';
import { withStatistics } from '../migrations/name-snip-statistics.ts';

const registry = await loadRegistry();

async function publishedOf(method: string): Promise<TrialRecord> {
  const results = fileURLToPath(new URL('../../results', import.meta.url));
  const { records } = await loadTable(recordTable(results, 'snip-vs-synflow-cifar10', 'cpu'));
  const found = records.find(({ spec }) => spec.method === method);
  if (!found) throw new Error(`no record of ${method}`);
  return found;
}

/** As it was before there was the option. */
function older(record: TrialRecord, network: string): TrialRecord {
  const options = { ...record.spec.options, criterion: { batchSize: 128, batches: 1 } };
  return { ...record, spec: { ...record.spec, network, options }, key: 'as it was' };
}

test('with batch norm an older record of SNIP is one of the batch statistics, without it of the default', async (t) => {
  const record = await publishedOf('snip');
  const vgg = withStatistics(older(record, 'vgg-11-w0.25'), registry)!;
  const lenet = withStatistics(older(record, 'lenet-5-caffe'), registry)!;
  t.like(vgg.spec.options, { criterion: { statistics: 'batch', batchSize: 128 } });
  t.like(lenet.spec.options, { criterion: { statistics: 'running' } });
  t.not(vgg.key, lenet.key);
  t.deepEqual(vgg.measured, record.measured);
  t.is(withStatistics(vgg, registry), undefined, 'what has the option stays');
  t.is(withStatistics(await publishedOf('magnitude'), registry), undefined, 'other criteria stay');
});

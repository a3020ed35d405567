import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type TrialRecord, trialRecord } from '@prunebench/core';
import { loadRegistry } from '@prunebench/runner';
import test from 'ava';
import { withStatistics } from '../migrations/name-snip-statistics.ts';

const registry = await loadRegistry();

async function publishedOf(method: string): Promise<TrialRecord> {
  const folder = fileURLToPath(new URL('../../results/snip-vs-synflow-cifar10/records/cpu/', import.meta.url));
  for (const name of await readdir(folder)) {
    const record = trialRecord.parse(JSON.parse(await readFile(folder + name, 'utf8')));
    if (record.spec.method === method) return record;
  }
  throw new Error(`no record of ${method}`);
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

import { join } from 'node:path';
import { type DatasetEntry, PrunebenchError } from '@prunebench/core';
import { loadTable, recordTable } from '@prunebench/records';
import test from 'ava';
import { describeOtherCode } from '../src/code/records-of-other-code.ts';
import { datasetItem } from '../src/commands/list.ts';
import { checkDataset } from '../src/doctor/datasets.ts';
import { loadRegistry } from '../src/registry.ts';
import { repositoryRoot } from '../src/repository.ts';

const shape = { inputShape: [2], classes: 2 };
const sound: DatasetEntry = { id: 'sound', title: 'Sound', shape, load: () => Promise.reject(new Error('not asked')) };

/** A dataset whose manifest cannot be read. */
function broken(error: Error): DatasetEntry {
  const fail = () => {
    throw error;
  };
  return Object.defineProperties(
    { id: 'broken', load: async () => fail() },
    { title: { get: fail }, shape: { get: fail } },
  ) as unknown as DatasetEntry;
}
const unreadable = new PrunebenchError('/d/manifest.json: the manifest is not JSON.', { remedy: 'Restore it.' });

test('a dataset is listed with its title and shape', (t) => {
  t.deepEqual(datasetItem(sound), { id: 'sound', title: 'Sound', ...shape });
});

test('a dataset whose manifest cannot be read is listed with the reason and the remedy', (t) => {
  t.deepEqual(datasetItem(broken(unreadable)), {
    id: 'broken',
    title: 'not available: /d/manifest.json: the manifest is not JSON.',
    available: false,
    reason: '/d/manifest.json: the manifest is not JSON.',
    remedy: 'Restore it.',
  });
});

test('doctor names it as well', async (t) => {
  const found = { subject: 'dataset broken', remedy: 'Restore it.' };
  t.deepEqual(await checkDataset(broken(unreadable), true), {
    status: 'fail',
    ...found,
    detail: '/d/manifest.json: the manifest is not JSON.',
  });
  t.deepEqual(await checkDataset(broken(unreadable), false), {
    status: 'warn',
    ...found,
    detail: '/d/manifest.json: the manifest is not JSON; no benchmark needs it',
  });
});

test('verify and report pass over its records when they look for other code', async (t) => {
  const { records } = await loadTable(recordTable(join(repositoryRoot, 'results'), 'snip-lenets', 'cpu'));
  const [record] = records;
  const registry = await loadRegistry();
  const datasets = new Map(registry.datasets).set(record.spec.dataset, broken(unreadable));
  t.deepEqual(await describeOtherCode([record], { ...registry, datasets }), []);
});

test('a bug in a dataset stays a bug', (t) => {
  t.throws(() => datasetItem(broken(new TypeError('x is not a function'))), { instanceOf: TypeError });
});

test("the suite's datasets are in the registry with the titles and shapes of their manifests", async (t) => {
  const { datasets } = await loadRegistry();
  const { title, shape: images } = datasets.get('mnist')!;
  t.is(title, 'MNIST handwritten digits');
  t.deepEqual(images, { inputShape: [28, 28, 1], classes: 10 });
});

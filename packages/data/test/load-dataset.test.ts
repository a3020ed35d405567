import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { datasets, loadDataset } from '../src/index.ts';
import { datasetManifest } from '../src/manifest.ts';
import { temporaryFolder } from './temporary-folder.ts';

test('an unknown id names the nearest known one and lists all', async (t) => {
  const error = await t.throwsAsync<PrunebenchError>(loadDataset('minst'), { instanceOf: PrunebenchError });
  t.is(error.message, 'There is no dataset "minst"; the nearest name is mnist.');
  t.is(error.remedy, 'Choose one of mnist, mnist-unit, mnist-signed, fashion-mnist, cifar10, monk1, monk2, monk3.');
});

test('every split has the size that the manifest states', async (t) => {
  for (const { id, manifest, availability } of datasets) {
    if (!(await availability()).available) continue;
    const { splits, inputShape, classes } = await loadDataset(id);
    const sizes = Object.fromEntries(Object.entries(splits).map(([name, split]) => [name, split.size]));
    t.deepEqual(sizes, manifest.splits[id], id);
    t.deepEqual(inputShape, manifest.inputShape);
    t.is(classes, manifest.classes);
  }
});

test('the checksums that published records carry do not change unnoticed', async (t) => {
  t.is((await loadDataset('mnist')).checksum, '2aaa929a81ac53851216e986cabc2e11');
  t.is((await loadDataset('cifar10')).checksum, '31738d88be6aa1abc3e18313d0ee22f6');
  t.is((await loadDataset('monk3')).checksum, 'a22bda72fb5ec166c9b38243668abb41');
});

test('manifests pin the versions that their packages install', async (t) => {
  const require = createRequire(import.meta.url);
  for (const name of ['mnist', 'cifar10', 'fashion-mnist', 'monk']) {
    const folder = dirname(require.resolve(`@prunebench/dataset-${name}/package.json`));
    const json = async (file: string) => JSON.parse(await readFile(join(folder, file), 'utf8'));
    const { source } = datasetManifest.parse(await json('manifest.json'));
    const { dependencies = {} } = await json('package.json');
    t.deepEqual(dependencies, source.kind === 'npm' ? { [source.package]: source.version } : {}, name);
  }
});

test.serial('Fashion-MNIST that is not installed says how to get it', async (t) => {
  const before = process.env.PRUNEBENCH_FASHION_MNIST;
  t.teardown(() => {
    if (before === undefined) delete process.env.PRUNEBENCH_FASHION_MNIST;
    else process.env.PRUNEBENCH_FASHION_MNIST = before;
  });
  const folder = await temporaryFolder(t);
  process.env.PRUNEBENCH_FASHION_MNIST = folder;
  const error = await t.throwsAsync<PrunebenchError>(loadDataset('fashion-mnist'), { instanceOf: PrunebenchError });
  t.is(error.message, `${join(folder, 'train-images-idx3-ubyte.gz')}: the file is missing.`);
  t.regex(error.remedy!, /apt-get install dataset-fashion-mnist.*PRUNEBENCH_FASHION_MNIST/);
  const availability = await datasets.find(({ id }) => id === 'fashion-mnist')!.availability();
  t.false(availability.available);
});

import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { mutations } from '@prunebench/testing/mutations';
import test from 'ava';
import { deferredEntry } from '../src/deferred-entry.ts';
import { idxDataset, idxNeeds } from '../src/idx-dataset.ts';
import { type DatasetManifest, parseManifest, readManifest } from '../src/manifest.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { tinyFiles, tinyManifest, tinyPairs, writeFiles } from './tiny-idx.ts';

const needs = idxNeeds('tiny', tinyPairs);
const source = { folder: '/tiny', remedy: 'Restore it.' };
const good = tinyManifest(tinyFiles);
const text = JSON.stringify(good);
const parse = (changed: string) => parseManifest(changed, needs, source);
const changed = (changes: Partial<Record<keyof DatasetManifest, unknown>>) => JSON.stringify({ ...good, ...changes });

test('a sound manifest is what its text says', (t) => {
  t.deepEqual(parse(text), good);
});

const faults: [why: string, text: string, message: RegExp][] = [
  ['nothing', '', /not JSON/],
  ['half of itself', text.slice(0, 100), /not JSON/],
  ['a list', '[]', /not valid: .*expected object/],
  ['null', 'null', /not valid: .*expected object/],
  ['a key twice', `{"title":"Other",${text.slice(1)}`, /the key "title" twice/],
  ['no title', changed({ title: undefined }), /"title": /],
  ['a key that nobody knows', text.replace('{', '{"surprise":1,'), /surprise/],
  [
    'no size of a file',
    changed({ files: [{ path: 'train-images', sha256: good.files[0].sha256 }] }),
    /"files\.0\.bytes"/,
  ],
  ['a file of an absurd size', changed({ files: [{ ...good.files[0], bytes: 1e15 }] }), /"files\.0\.bytes"/],
  ['no such file', changed({ files: good.files.slice(1) }), /"files" does not list train-images once/],
  ['a file twice', changed({ files: [...good.files, good.files[0]] }), /"files" does not list train-images once/],
  ['splits of another dataset', changed({ splits: { huge: good.splits.tiny } }), /"splits\.tiny" is missing/],
  ['half a person', changed({ splits: { tiny: { ...good.splits.tiny, train: 0.5 } } }), /"splits\.tiny\.train"/],
  ['no size', changed({ inputShape: [] }), /"inputShape"/],
  ['one size', changed({ inputShape: [4] }), /"inputShape" has 1 sizes where 3 are expected/],
  ['a negative size', changed({ inputShape: [2, -2, 1] }), /"inputShape\.1"/],
  ['one class', changed({ classes: 1 }), /"classes"/],
  ['more classes than numbers', changed({ classes: 1e12 }), /"classes"/],
  ['a deviation of 0', changed({ normalisation: { mean: [0], deviation: [0] } }), /"normalisation\.deviation\.0"/],
  [
    'a mean too many',
    changed({ normalisation: { mean: [0, 0], deviation: [1] } }),
    /"normalisation": 2 means and 1 dev/,
  ],
  [
    'three channels of one',
    changed({ normalisation: { mean: [0, 0, 0], deviation: [1, 1, 1] } }),
    /"normalisation": 3 means and 3 deviations for 1 channels/,
  ],
];
for (const [why, bad, message] of faults)
  test(`a manifest with ${why} is one clear error`, (t) => {
    const error = t.throws<PrunebenchError>(() => parse(bad), { instanceOf: PrunebenchError, message });
    t.true(error.message.startsWith('/tiny/manifest.json: '), error.message);
    t.is(error.remedy, 'Restore it.');
  });

test('a manifest that is missing, a folder, a pipe or endless is one clear error', async (t) => {
  const read = (folder: string) => () => readManifest('tiny', needs, { folder, remedy: 'Restore it.' });
  const [missing, folder, pipe, long] = await Promise.all(Array.from({ length: 4 }, () => temporaryFolder(t)));
  const file = (in_: string) => join(in_, 'manifest.json');
  await mkdir(file(folder));
  execFileSync('mkfifo', [file(pipe)]);
  await writeFile(file(long), text.padEnd(2 ** 20 + 1));
  const says = (where: string, message: RegExp) => t.throws(read(where), { instanceOf: PrunebenchError, message });
  says(missing, /manifest\.json: the manifest is missing/);
  says(folder, /manifest\.json: the manifest cannot be read .* is a folder/);
  says(pipe, /manifest\.json: .* is a named pipe/);
  says(long, /manifest\.json: .* is too large/);
});

test('a damaged manifest is refused, or its dataset is loaded, or that is refused', async (t) => {
  const folder = await temporaryFolder(t);
  await writeFiles(folder, tinyFiles);
  let refused = 0;
  for (const { what, bytes } of mutations(Buffer.from(text), 180)) {
    try {
      const manifest = parse(bytes.toString('utf8'));
      const { splits } = await idxDataset('tiny', manifest, tinyPairs, () => ({ folder, remedy: 'Get it.' })).load();
      t.is(splits.train.size + splits.validation.size + splits.calibration.size, 12, what);
    } catch (error) {
      t.true(error instanceof PrunebenchError, `${what}: ${error}`);
      refused++;
    }
  }
  t.true(refused > 90, `${refused} refused`);
});

test('an entry whose manifest cannot be read fails when it is asked, and not before', async (t) => {
  let reads = 0;
  const entry = deferredEntry('tiny', () => {
    reads++;
    throw new PrunebenchError('/tiny/manifest.json: the manifest is not JSON.', { remedy: 'Restore it.' });
  });
  t.is(entry.id, 'tiny');
  t.true(Object.values(entry).includes('tiny'), 'its values can be looked through');
  t.is(reads, 0);
  const expected = { instanceOf: PrunebenchError, message: /manifest is not JSON/ };
  t.throws(() => entry.title, expected);
  t.throws(() => entry.manifest, expected);
  t.throws(() => entry.checksum, expected);
  await t.throwsAsync(entry.load(), expected);
  t.deepEqual(await entry.availability(), {
    available: false,
    reason: '/tiny/manifest.json: the manifest is not JSON.',
    remedy: 'Restore it.',
  });
});

test('a bug in an entry stays a bug', async (t) => {
  const entry = deferredEntry('tiny', () => {
    throw new TypeError('x is not a function');
  });
  await t.throwsAsync(entry.availability(), { instanceOf: TypeError });
});

test('an entry is made once', (t) => {
  let made = 0;
  const entry = deferredEntry('tiny', () => {
    made++;
    return idxDataset('tiny', good, tinyPairs, () => source);
  });
  t.is(entry.title, 'Tiny');
  t.is(entry.manifest, good);
  t.is(entry.checksum, idxDataset('tiny', good, tinyPairs, () => source).checksum);
  t.is(made, 1);
});

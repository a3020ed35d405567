import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { State } from '@prunebench/core';
import test from 'ava';
import { type FinishedStage, LostStageError, StageStore } from '../src/stages/stage-store.ts';

const state: State = {
  parameters: { 'fc/kernel': { shape: [2, 2], values: new Float32Array([1, -2, 0, 3.5]) } },
  masks: { 'fc/kernel': new Uint8Array([1, 1, 0, 1]) },
};

const stage: FinishedStage = {
  key: 'abc',
  kind: 'train',
  dataset: 'd',
  network: 'n',
  seed: 0,
  backend: 'cpu',
  seconds: 1.5,
  metrics: { trainedExamples: 7 },
  state,
};

const evaluations = { validation: { accuracy: 90.123456789, loss: 0.1 }, test: { accuracy: 89, loss: 1 / 3 } };

async function temporary() {
  const root = await mkdtemp(join(tmpdir(), 'stages-'));
  const notices: string[] = [];
  return {
    root,
    notices,
    notice: (line: string) => notices.push(line),
    store: new StageStore(root),
    [Symbol.asyncDispose]: () => rm(root, { recursive: true }),
  };
}

test('a committed stage is found and read back to the bit', async (t) => {
  await using folder = await temporary();
  const { store, notice } = folder;
  t.is(await store.find('abc', notice), undefined);
  await store.commit(stage);
  const info = await store.find('abc', notice);
  t.like(info, { kind: 'train', seconds: 1.5, metrics: { trainedExamples: 7 } });
  t.deepEqual(await store.readState('abc', notice), state);
  t.deepEqual(folder.notices, []);
  t.deepEqual(await readdir(folder.root), ['abc'], 'nothing temporary is left');
});

test('committing a stage that another process finished first is no error', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  await folder.store.commit(stage);
  t.deepEqual(await readdir(folder.root), ['abc']);
});

test('a draft that was never published is not believed, and is swept away', async (t) => {
  await using folder = await temporary();
  const draft = join(folder.root, 'abc.some-id.tmp');
  await mkdir(draft);
  await writeFile(join(draft, 'state.safetensors'), randomBytes(100));
  t.is(await folder.store.find('abc', folder.notice), undefined);
  await folder.store.sweep();
  t.deepEqual(await readdir(folder.root), []);
});

/** What may stand in the place of a file: reading it would never end, or fail in some way of its own. */
const others: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a folder': (path) => mkdir(path),
  'a named pipe': async (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => symlink('/dev/zero', path),
  'a link that leads nowhere': (path) => symlink('nowhere', path),
  'a link to itself': (path) => symlink(path, path),
};
const replaced = async (path: string, make: (path: string) => Promise<unknown>) => {
  await rm(path, { recursive: true, force: true });
  await make(path);
};
const inPlaceOf = (name: string) =>
  Object.fromEntries(
    Object.entries(others).map(([what, make]) => [
      `${what} is in the place of ${name === '' ? 'its folder' : name}`,
      (folder: string) => replaced(join(folder, name), make),
    ]),
  );

const damages: Readonly<Record<string, (folder: string) => Promise<void>>> = {
  ...inPlaceOf(''),
  ...inPlaceOf('stage.json'),
  ...inPlaceOf('state.safetensors'),
  'stage.json is larger than any': (folder) => truncate(join(folder, 'stage.json'), 2 ** 40),
  'stage.json is cut short': (folder) => truncate(join(folder, 'stage.json'), 20),
  'stage.json is missing': (folder) => rm(join(folder, 'stage.json')),
  'stage.json lacks a field': (folder) => writeFile(join(folder, 'stage.json'), '{"schema": 1, "key": "abc"}'),
  'a number in stage.json was changed': (folder) =>
    replace(join(folder, 'stage.json'), '"trainedExamples": 7', '"trainedExamples": 8'),
  'the seconds in stage.json were changed': (folder) => replace(join(folder, 'stage.json'), '1.5', '1.25'),
  'the state is cut short': (folder) => truncate(join(folder, 'state.safetensors'), 50),
  'the state is missing': (folder) => rm(join(folder, 'state.safetensors')),
};

async function replace(file: string, before: string, after: string): Promise<void> {
  const text = await readFile(file, 'utf8');
  if (!text.includes(before)) throw new Error(`${file} has no ${before}`);
  await writeFile(file, text.replace(before, after));
}

for (const [what, damage] of Object.entries(damages))
  test(`when ${what} the stage is set aside with one line`, async (t) => {
    await using folder = await temporary();
    await folder.store.commit(stage);
    await damage(join(folder.root, 'abc'));
    t.is(await folder.store.find('abc', folder.notice), undefined);
    t.is(folder.notices.length, 1);
    t.regex(folder.notices[0], /abc is corrupt \(.+\): set aside as abc\.corrupt-1/);
    await folder.store.commit(stage);
    t.deepEqual((await readdir(folder.root)).sort(), ['abc', 'abc.corrupt-1']);
  });

test('a flipped bit in the state is noticed when it is read', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  const file = join(folder.root, 'abc', 'state.safetensors');
  const bytes = await readFile(file);
  bytes[bytes.length - 6] ^= 1;
  await writeFile(file, bytes);
  const error = await t.throwsAsync(folder.store.readState('abc', folder.notice), { instanceOf: LostStageError });
  t.is(error.key, 'abc');
  t.is(folder.notices.length, 1);
  t.deepEqual(await readdir(folder.root), ['abc.corrupt-1']);
});

test('a folder that holds another stage is set aside', async (t) => {
  await using folder = await temporary();
  await folder.store.commit({ ...stage, key: 'other' });
  await rename(join(folder.root, 'other'), join(folder.root, 'abc'));
  t.is(await folder.store.find('abc', folder.notice), undefined);
  t.regex(folder.notices[0], /belongs to stage other/);
});

test('evaluations are computed once, kept, and computed again when their file is damaged', async (t) => {
  await using folder = await temporary();
  const { store, notice } = folder;
  await store.commit(stage);
  let computed = 0;
  const evaluate = async () => {
    computed++;
    return evaluations;
  };
  t.deepEqual(await store.evaluations('abc', notice, evaluate), evaluations);
  t.deepEqual(await store.evaluations('abc', notice, evaluate), evaluations);
  t.is(computed, 1);
  await truncate(join(folder.root, 'abc', 'evaluations.json'), 10);
  t.deepEqual(await store.evaluations('abc', notice, evaluate), evaluations);
  t.is(computed, 2);
  t.is(folder.notices.length, 1);
});

for (const [what, make] of Object.entries(others))
  test(`${what} in the place of the evaluations is set aside, and they are computed again`, async (t) => {
    await using folder = await temporary();
    await folder.store.commit(stage);
    await make(join(folder.root, 'abc', 'evaluations.json'));
    t.deepEqual(await folder.store.evaluations('abc', folder.notice, async () => evaluations), evaluations);
    t.is(folder.notices.length, 1);
    t.regex(folder.notices[0], /evaluations\.json is corrupt: set aside as evaluations\.json\.corrupt-1/);
  });

for (const [what, text] of Object.entries({
  'whose numbers were changed': (written: string) => written.replace('89', '99'),
  'that lost their digest': () => JSON.stringify(evaluations),
}))
  test(`evaluations ${what} are computed again`, async (t) => {
    await using folder = await temporary();
    const { store, notice } = folder;
    await store.commit({ ...stage, evaluations });
    const file = join(folder.root, 'abc', 'evaluations.json');
    await writeFile(file, text(await readFile(file, 'utf8')));
    t.deepEqual(await store.evaluations('abc', notice, async () => evaluations), evaluations);
    t.regex(folder.notices[0], /evaluations\.json is corrupt/);
    t.deepEqual(await store.evaluations('abc', notice, () => t.fail() as never), evaluations, 'and kept then');
  });

test('a stage of an earlier version, without a digest, is believed', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  const file = join(folder.root, 'abc', 'stage.json');
  const { digest: _, ...rest } = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify(rest));
  t.like(await folder.store.find('abc', folder.notice), { seconds: 1.5 });
});

test('a removed stage is gone, and removing it again is no error', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  await folder.store.remove('abc');
  await folder.store.remove('abc');
  t.deepEqual(await readdir(folder.root), []);
});

import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError, type State } from '@prunebench/core';
import test from 'ava';
import { type FinishedStage, LostStageError, StageStore } from '../src/stages/stage-store.ts';

const STORE = import.meta.resolve('../src/stages/stage-store.ts');
const KEY = '0a'.padStart(32, '0');
const OTHER = '0b'.padStart(32, '0');

const state: State = {
  parameters: { 'fc/kernel': { shape: [2, 2], values: new Float32Array([1, -2, 0, 3.5]) } },
  masks: { 'fc/kernel': new Uint8Array([1, 1, 0, 1]) },
};

const stage: FinishedStage = {
  key: KEY,
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
  t.is(await store.find(KEY, notice), undefined);
  await store.commit(stage);
  const info = await store.find(KEY, notice);
  t.like(info, { kind: 'train', seconds: 1.5, metrics: { trainedExamples: 7 } });
  t.deepEqual(await store.readState(KEY, notice), state);
  t.deepEqual(folder.notices, []);
  t.deepEqual(await readdir(folder.root), [KEY], 'nothing temporary is left');
});

test('committing a stage that another process finished first is no error', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  await folder.store.commit(stage);
  t.deepEqual(await readdir(folder.root), [KEY]);
});

test('a draft that was never published is not believed, and is swept away', async (t) => {
  await using folder = await temporary();
  const draft = join(folder.root, `${KEY}.some-id.tmp`);
  await mkdir(draft);
  await writeFile(join(draft, 'state.safetensors'), randomBytes(100));
  t.is(await folder.store.find(KEY, folder.notice), undefined);
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
  'stage.json lacks a field': (folder) => writeFile(join(folder, 'stage.json'), `{"schema": 1, "key": "${KEY}"}`),
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
    await damage(join(folder.root, KEY));
    t.is(await folder.store.find(KEY, folder.notice), undefined);
    t.is(folder.notices.length, 1);
    t.regex(folder.notices[0], /0a is corrupt \(.+\): set aside as [0-9a-f]+0a\.corrupt-1/);
    await folder.store.commit(stage);
    t.deepEqual((await readdir(folder.root)).sort(), [KEY, `${KEY}.corrupt-1`]);
  });

test('a flipped bit in the state is noticed when it is read', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  const file = join(folder.root, KEY, 'state.safetensors');
  const bytes = await readFile(file);
  bytes[bytes.length - 6] ^= 1;
  await writeFile(file, bytes);
  const error = await t.throwsAsync(folder.store.readState(KEY, folder.notice), { instanceOf: LostStageError });
  t.is(error.key, KEY);
  t.is(folder.notices.length, 1);
  t.deepEqual(await readdir(folder.root), [`${KEY}.corrupt-1`]);
});

test('a folder that holds another stage is set aside', async (t) => {
  await using folder = await temporary();
  await folder.store.commit({ ...stage, key: OTHER });
  await rename(join(folder.root, OTHER), join(folder.root, KEY));
  t.is(await folder.store.find(KEY, folder.notice), undefined);
  t.regex(folder.notices[0], /belongs to stage 0{31}b/);
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
  t.deepEqual(await store.evaluations(KEY, notice, evaluate), evaluations);
  t.deepEqual(await store.evaluations(KEY, notice, evaluate), evaluations);
  t.is(computed, 1);
  await truncate(join(folder.root, KEY, 'evaluations.json'), 10);
  t.deepEqual(await store.evaluations(KEY, notice, evaluate), evaluations);
  t.is(computed, 2);
  t.is(folder.notices.length, 1);
});

for (const [what, make] of Object.entries(others))
  test(`${what} in the place of the evaluations is set aside, and they are computed again`, async (t) => {
    await using folder = await temporary();
    await folder.store.commit(stage);
    await make(join(folder.root, KEY, 'evaluations.json'));
    t.deepEqual(await folder.store.evaluations(KEY, folder.notice, async () => evaluations), evaluations);
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
    const file = join(folder.root, KEY, 'evaluations.json');
    await writeFile(file, text(await readFile(file, 'utf8')));
    t.deepEqual(await store.evaluations(KEY, notice, async () => evaluations), evaluations);
    t.regex(folder.notices[0], /evaluations\.json is corrupt/);
    t.deepEqual(await store.evaluations(KEY, notice, () => t.fail() as never), evaluations, 'and kept then');
  });

test('a stage of an earlier version, without a digest, is believed', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  const file = join(folder.root, KEY, 'stage.json');
  const { digest: _, ...rest } = JSON.parse(await readFile(file, 'utf8'));
  await writeFile(file, JSON.stringify(rest));
  t.like(await folder.store.find(KEY, folder.notice), { seconds: 1.5 });
});

const EVIL = ['..', '.', '', '../other', 'lock', `${KEY}/..`, `/tmp/${KEY}`, `${KEY}.corrupt-1`, '0'.repeat(31)];
for (const key of EVIL)
  test(`${JSON.stringify(key)} is refused as a key, and nothing is renamed`, async (t) => {
    await using folder = await temporary();
    const { store, notice } = folder;
    await writeFile(join(folder.root, 'lock'), 'x');
    for (const use of [
      () => store.find(key, notice),
      () => store.readState(key, notice),
      () => store.evaluations(key, notice, async () => evaluations),
      () => store.remove(key),
      () => store.commit({ ...stage, key }),
    ])
      await t.throwsAsync(use, { instanceOf: PrunebenchError, message: /is not the key of a stage/ });
    t.deepEqual(await readdir(folder.root), ['lock']);
    t.deepEqual(folder.notices, []);
  });

test('a link in the place of a stage is set aside, and what it leads to stays as it is', async (t) => {
  await using folder = await temporary();
  await using elsewhere = await temporary();
  await elsewhere.store.commit(stage);
  await symlink(join(elsewhere.root, KEY), join(folder.root, KEY));
  t.is(await folder.store.find(KEY, folder.notice), undefined);
  t.deepEqual(await readdir(folder.root), [`${KEY}.corrupt-1`]);
  t.truthy(await elsewhere.store.find(KEY, elsewhere.notice));
});

test('of workers that meet one corrupt stage at once, one says so and none fails', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  const file = join(folder.root, KEY, 'state.safetensors');
  const bytes = await readFile(file);
  bytes[bytes.length - 6] ^= 1;
  await writeFile(file, bytes);
  const ends = await Promise.allSettled(
    Array.from({ length: 6 }, () => new StageStore(folder.root).readState(KEY, folder.notice)),
  );
  for (const end of ends) t.true(end.status === 'rejected' && end.reason instanceof LostStageError);
  t.is(folder.notices.length, 1);
  await folder.store.commit(stage);
  await truncate(join(folder.root, KEY, 'stage.json'), 10);
  t.deepEqual(
    await Promise.all(Array.from({ length: 6 }, () => new StageStore(folder.root).find(KEY, folder.notice))),
    new Array(6).fill(undefined),
  );
  t.is(folder.notices.length, 2);
});

for (const [what, name] of Object.entries({
  'a stage': '',
  'its stage.json': 'stage.json',
  'its state': 'state.safetensors',
}))
  test(`${what} that may not be read is no corrupt one: it stays, and the error names it`, async (t) => {
    if (process.platform === 'win32') return t.pass('no such permissions');
    await using folder = await temporary();
    await folder.store.commit(stage);
    const closed = join(folder.root, KEY, name);
    for (const path of [folder.root, join(folder.root, KEY)]) await chmod(path, 0o755);
    await chmod(closed, 0);
    // Root may read everything.
    const script = `
      const { StageStore } = await import(${JSON.stringify(STORE)});
      if (process.getuid() === 0) process.setuid(65534);
      const said = (line) => console.log('notice ' + line);
      const store = new StageStore(${JSON.stringify(folder.root)});
      await store.readState('${KEY}', said).catch((error) => console.log(error.name + ' ' + error.message));`;
    const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' });
    t.regex(said, new RegExp(`^FileError No permission: ${closed}[\\w/.]* \\(EACCES\\)\\.\n$`));
    await chmod(closed, 0o755);
    t.deepEqual(await readdir(folder.root), [KEY]);
  });

test('a removed stage is gone, and removing it again is no error', async (t) => {
  await using folder = await temporary();
  await folder.store.commit(stage);
  await folder.store.remove(KEY);
  await folder.store.remove(KEY);
  t.deepEqual(await readdir(folder.root), []);
});

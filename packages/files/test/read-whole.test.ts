import { execFileSync } from 'node:child_process';
import { mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import test from 'ava';
import { FileError, readText, readTextIfThere, readTextSync, readWhole } from '../src/index.ts';
import { temporary } from './fixtures/folder.ts';

/** As the others are called. */
const now = async (path: string) => readTextSync(path);

test('text and bytes of a file, also through a link', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'file');
  const link = join(folder.root, 'link');
  await writeFile(path, 'grün');
  await symlink('file', link);
  t.is(await readText(path), 'grün');
  t.is(await readTextIfThere(link), 'grün');
  t.is(readTextSync(link), 'grün');
  t.deepEqual([...(await readWhole(path, 5))], [...Buffer.from('grün')]);
  await writeFile(path, '');
  t.is(await readText(path), '');
});

test('nothing is undefined or an error, as is asked for', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'file');
  t.is(await readTextIfThere(path), undefined);
  const error = await t.throwsAsync<FileError>(readText(path), { instanceOf: FileError });
  t.is(error.code, 'ENOENT');
  await t.throwsAsync(now(path), { instanceOf: FileError, message: error.message });
  t.false(error.isInTheWay);
});

test('a file that is larger than allowed is not read, however little of it is on the disk', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'file');
  await writeFile(path, '');
  await truncate(path, 2 ** 40);
  for (const read of [readText, readTextIfThere, now])
    await t.throwsAsync(read(path), { instanceOf: FileError, message: /too large: it has 1099511627776 bytes/ });
});

const others: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a folder': (path) => mkdir(path),
  'a named pipe': async (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => symlink('/dev/zero', path),
  'a link that leads nowhere': (path) => symlink('nowhere', path),
  'leads back to itself': (path) => symlink(path, path),
  'can be read as a file': (path) =>
    new Promise((resolve) =>
      createServer()
        .unref()
        .listen(path, () => resolve(path)),
    ),
};
for (const [what, make] of Object.entries(others))
  test(`something else: ${what}`, async (t) => {
    await using folder = await temporary();
    const path = join(folder.root, 'file');
    await make(path);
    for (const read of [readText, readTextIfThere, now]) {
      const error = await t.throwsAsync<FileError>(read(path), { instanceOf: FileError });
      t.true(error.message.includes(path) && error.message.includes(what), error.message);
      t.true(error.isInTheWay);
      t.truthy(error.remedy);
    }
  });

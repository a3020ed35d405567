import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir, readFile, readlink, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { FileError, writeWhole } from '../src/index.ts';
import { temporary } from './fixtures/folder.ts';

const WRITE = fileURLToPath(new URL('fixtures/write-file.ts', import.meta.url));

/** Writes in a process whose files may have 4,096 bytes at most: the system takes that much of a longer one, and refuses the rest. */
function writeLimited(path: string, bytes: number): string {
  const command = 'ulimit -f 8; exec "$@"';
  const args = ['-c', command, 'sh', process.execPath, WRITE, path, String(bytes)];
  return execFileSync('sh', args, { encoding: 'utf8' }).trim();
}

test('a file of which the system takes a part alone does not replace the whole one', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'table.csv');
  await writeFile(path, 'old');
  const said = JSON.parse(writeLimited(path, 10_000));
  t.is(said.name, 'FileError');
  t.is(said.code, 'EFBIG');
  t.regex(said.message, /table\.csv/);
  t.is(await readFile(path, 'utf8'), 'old');
  t.deepEqual(await readdir(folder.root), ['table.csv'], 'nothing is left behind');
  t.is(writeLimited(path, 4096), 'written');
  t.is((await stat(path)).size, 4096);
});

test('a new file is created, and an old one replaced with its mode', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'a.json');
  await writeWhole(path, 'first');
  await chmod(path, 0o640);
  await writeWhole(path, new Uint8Array([0x32, 0x6e, 0x64]));
  t.is(await readFile(path, 'utf8'), '2nd');
  t.is((await stat(path)).mode & 0o777, 0o640);
  t.deepEqual(await readdir(folder.root), ['a.json']);
});

test('a link stays one, and the file that it leads to is replaced', async (t) => {
  await using folder = await temporary();
  await mkdir(join(folder.root, 'elsewhere'));
  const path = join(folder.root, 'link');
  const target = join(folder.root, 'elsewhere', 'file');
  await writeFile(target, 'old');
  await symlink(target, path);
  await writeWhole(path, 'new');
  t.is(await readlink(path), target);
  t.is(await readFile(target, 'utf8'), 'new');
});

const inTheWay: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a folder': (path) => mkdir(path),
  'a named pipe': async (path) => execFileSync('mkfifo', [path]),
  'a link to a device': (path) => symlink('/dev/null', path),
  'a link that leads nowhere': (path) => symlink('nowhere', path),
  'a link to itself': (path) => symlink(path, path),
};
for (const [what, make] of Object.entries(inTheWay))
  test(`${what} in the place of the file is an error and stays`, async (t) => {
    await using folder = await temporary();
    const path = join(folder.root, 'file');
    await make(path);
    const error = await t.throwsAsync<FileError>(writeWhole(path, 'x'), { instanceOf: FileError });
    t.true(error.message.includes(path), error.message);
    t.truthy(error.remedy);
    t.deepEqual(await readdir(folder.root), ['file']);
  });

test('a missing folder is named', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'no', 'file');
  await t.throwsAsync(writeWhole(path, 'x'), { instanceOf: FileError, message: new RegExp(`no such file.*${path}`) });
});

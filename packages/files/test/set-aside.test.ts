import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { setAside } from '../src/index.ts';
import { temporary } from './fixtures/folder.ts';

test('of many that set the same folder aside at once one does, and the others are told that it is gone', async (t) => {
  await using folder = await temporary();
  const path = join(folder.root, 'stage');
  await mkdir(path);
  await writeFile(join(path, 'content'), 'x');
  const moved = await Promise.all(Array.from({ length: 8 }, () => setAside(path)));
  t.deepEqual(
    moved.filter((name) => name !== undefined),
    [`${path}.corrupt-1`],
  );
  t.deepEqual(await readdir(folder.root), ['stage.corrupt-1']);
});

test('a link is set aside itself, not what it leads to', async (t) => {
  await using folder = await temporary();
  const other = join(folder.root, 'other');
  await mkdir(other);
  await symlink(other, join(folder.root, 'stage'));
  await setAside(join(folder.root, 'stage'));
  t.deepEqual((await readdir(folder.root)).sort(), ['other', 'stage.corrupt-1']);
});

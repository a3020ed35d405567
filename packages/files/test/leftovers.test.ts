import { randomUUID } from 'node:crypto';
import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { sweepLeftovers } from '../src/index.ts';
import { temporary } from './fixtures/folder.ts';

test('unfinished files of this version and of earlier ones go, everything else stays', async (t) => {
  await using folder = await temporary();
  const left = [`table.csv.${randomUUID()}.tmp`, 'record.json.3894512038', 'plot.svg.912345'];
  const kept = [
    'record.json',
    'record.json.corrupt-1',
    'table.csv.1',
    'table.csv.20240131',
    'notes.tmp',
    'x.3894512038',
  ];
  for (const name of [...left, ...kept]) await writeFile(join(folder.root, name), '');
  await mkdir(join(folder.root, `stage.${randomUUID()}.tmp`));
  await sweepLeftovers(folder.root);
  t.deepEqual((await readdir(folder.root)).sort(), [...kept].sort());
});

test('in a shared folder those of running processes stay, and elsewhere those of other files', async (t) => {
  await using folder = await temporary();
  const old = join(folder.root, `a.json.${randomUUID()}.tmp`);
  const fresh = `a.json.${randomUUID()}.tmp`;
  await writeFile(old, '');
  await utimes(old, 0, 0);
  await writeFile(join(folder.root, fresh), '');
  await sweepLeftovers(folder.root, { olderThan: 60_000 });
  t.deepEqual(await readdir(folder.root), [fresh]);
  await sweepLeftovers(folder.root, { of: ['b.json'] });
  t.deepEqual(await readdir(folder.root), [fresh]);
  await sweepLeftovers(folder.root, { of: ['a.json'] });
  t.deepEqual(await readdir(folder.root), []);
});

test('a folder that is not there has no leftovers', async (t) => {
  await using folder = await temporary();
  await t.notThrowsAsync(sweepLeftovers(join(folder.root, 'none')));
});

import { mkdir, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { FileError, refuseLinksOut } from '../src/index.ts';
import { temporary } from './fixtures/folder.ts';

async function folders() {
  const folder = await temporary();
  const results = join(folder.root, 'results');
  for (const path of ['results/tiny/records/smoke', 'results/.stages', 'outside'])
    await mkdir(join(folder.root, path), { recursive: true });
  await writeFile(join(folder.root, 'outside', 'file'), 'x');
  return { results, outside: join(folder.root, 'outside'), ...folder };
}

for (const [place, target] of [
  ['leaderboard.csv', 'file'],
  ['tiny/table-smoke.csv', 'file'],
  ['tiny/plot.svg', 'file'],
  ['tiny/records/smoke/0.json', 'file'],
  ['tiny/records/cpu', ''],
  ['other', ''],
  ['.cache', ''],
] as const)
  test(`${place} that leads out of the folder is refused by name`, async (t) => {
    await using all = await folders();
    await refuseLinksOut(all.results);
    const link = join(all.results, place);
    await symlink(join(all.outside, target), link);
    const error = await t.throwsAsync(refuseLinksOut(all.results), { instanceOf: FileError });
    t.true(error.message.startsWith(`${link} is a link that leads out of its folder, to `), error.message);
  });

test('links inside, links that lead nowhere, and a folder that is a link itself are fine', async (t) => {
  await using all = await folders();
  await symlink('tiny', join(all.results, 'same'));
  await symlink('nowhere', join(all.results, 'tiny', 'broken'));
  await symlink(join(all.results, 'self'), join(all.results, 'self'));
  await rename(all.results, join(all.root, 'moved'));
  await symlink('moved', all.results);
  await t.notThrowsAsync(refuseLinksOut(all.results));
  await t.notThrowsAsync(refuseLinksOut(join(all.root, 'absent')));
});

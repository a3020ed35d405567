import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { TimingCache } from '../src/plan/timing-cache.ts';

let folder: string;
test.before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'prunebench-timings-'));
  process.env.PRUNEBENCH_CACHE = folder;
});
test.after.always(() => rm(folder, { recursive: true, force: true }));

function measured(milliseconds: readonly number[], settled = true) {
  const counted = {
    count: 0,
    measure() {
      counted.count++;
      return { milliseconds, settled };
    },
  };
  return counted;
}

test.serial('times are compared with those that were measured beside them, and kept on disk', async (t) => {
  const machine = { name: 'kept' };
  const cache = await TimingCache.open(machine);
  t.deepEqual(cache.times('product', ['dense', 'csr'], measured([2, 1]).measure), [2, 1]);
  await cache.save();

  const again = await TimingCache.open(machine);
  const unused = measured([9, 9]);
  t.deepEqual(again.times('product', ['csr', 'dense'], unused.measure), [1, 2]);
  t.is(unused.count, 0);
  // One kernel is new: the others are measured again beside it.
  t.deepEqual(again.times('product', ['dense', 'csr', 'bsr'], measured([4, 2, 3]).measure), [4, 2, 3]);
  t.deepEqual(again.times('product', ['csr'], unused.measure), [2]);
});

test.serial('times that did not settle are used once', async (t) => {
  const cache = await TimingCache.open({ name: 'unsettled' });
  t.deepEqual(cache.times('product', ['dense', 'csr'], measured([5, 7], false).measure), [5, 7]);
  t.deepEqual(cache.times('product', ['dense', 'csr'], measured([2, 1]).measure), [2, 1]);
});

test.serial('a damaged file counts as empty', async (t) => {
  const machine = { name: 'damaged' };
  const before = new Set(await readdir(join(folder, 'sparse-timings')).catch(() => []));
  const cache = await TimingCache.open(machine);
  cache.times('product', ['dense'], measured([2]).measure);
  await cache.save();
  const [name] = (await readdir(join(folder, 'sparse-timings'))).filter((file) => !before.has(file));
  const file = join(folder, 'sparse-timings', name);
  for (const text of ['', '{"product": {"dense": "fast"}}', (await readFile(file, 'utf8')).slice(0, -3)]) {
    await writeFile(file, text);
    const reopened = await TimingCache.open(machine);
    t.deepEqual(reopened.times('product', ['dense'], measured([3]).measure), [3]);
  }
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { workingFolder } from '@prunebench/records';
import test from 'ava';
import { findTrial } from '../src/plan/find-trial.ts';
import { loadRegistry } from '../src/registry.ts';
import { resultsFolder } from '../src/results/results-folder.ts';

/** A results folder whose records have these names; their contents are never reached. */
async function folderWith(names: readonly string[]) {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-trials-'));
  const folder = resultsFolder(root);
  const records = workingFolder(folder.table('some-benchmark', 'smoke'));
  await mkdir(records, { recursive: true });
  for (const name of names) await writeFile(join(records, `${name}.json`), '{}');
  return { folder, remove: () => rm(root, { recursive: true }) };
}

test('a key that no record or more than one has is refused, and the candidates are named', async (t) => {
  const { folder, remove } = await folderWith(['aa11', 'aa22', 'aa22-series']);
  const registry = await loadRegistry([]);
  const none = await t.throwsAsync(findTrial({ key: 'b', filters: [] }, registry, folder), {
    instanceOf: PrunebenchError,
  });
  t.regex(none.message, /begins with "b"/);
  const several = await t.throwsAsync(findTrial({ key: 'aa', filters: [] }, registry, folder), {
    instanceOf: PrunebenchError,
  });
  t.regex(several.message, /aa11, aa22\.$/);
  await remove();
});

test('of many candidates ten are named', async (t) => {
  const { folder, remove } = await folderWith(Array.from({ length: 13 }, (_, i) => `aa${i + 10}`));
  const error = await t.throwsAsync(findTrial({ key: 'a', filters: [] }, await loadRegistry([]), folder), {
    instanceOf: PrunebenchError,
  });
  t.regex(error.message, /^13 trials .*: aa10, (aa\d\d, ){8}aa19 and 3 more\.$/);
  await remove();
});

test('a record that cannot be read is said to be so', async (t) => {
  const { folder, remove } = await folderWith(['cc33']);
  const error = await t.throwsAsync(findTrial({ key: 'cc', filters: [] }, await loadRegistry([]), folder), {
    instanceOf: PrunebenchError,
  });
  t.regex(error.message, /cc33 could not be read: .*cc33\.json \(field/);
  await remove();
});

/** That the checks of endurance see what they look for: readers that believe, fail or go on for ever. */
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { readText } from '@prunebench/files';
import test from 'ava';
import { tryMutations } from '../endurance/mutations.ts';
import type { Reader } from '../endurance/readers.ts';

const CONTENT = '{"key": "0123456789abcdef0123456789abcdef", "value": 123456789}';
const reader = (read: Reader['read']): Reader => ({
  name: 'some',
  files: new Map([['folder/file.json', Buffer.from(CONTENT)]]),
  read,
});
const outcomes = (read: Reader['read']) => tryMutations([reader(read)], { count: 60, seed: 1, onProgress: () => {} });

test('a reader that compares with what was written has no faults', async (t) => {
  const faults = await outcomes(async (folder) => {
    if ((await readText(join(folder, 'folder/file.json'))) !== CONTENT) throw new PrunebenchError('It was changed.');
    return undefined;
  });
  t.deepEqual(faults, []);
});

test('a reader that believes everything is found out, with the damage', async (t) => {
  const faults = await outcomes(async (folder) =>
    (await readText(join(folder, 'folder/file.json'))) === CONTENT ? undefined : 'it was believed',
  );
  t.true(faults.length > 20);
  t.regex(faults[0], /^mutation \d+: some, folder\/file\.json .+: it was believed$/);
});

test('an error that explains nothing is a fault, with its stack', async (t) => {
  const faults = await outcomes(async (folder) => {
    JSON.parse(await readText(join(folder, 'folder/file.json')));
    return undefined;
  });
  t.true(faults.some((fault) => /an error that explains nothing: SyntaxError[\s\S]*\n\s+at /.test(fault)));
});

test('the same seed damages in the same way', async (t) => {
  const seen: string[][] = [[], []];
  for (const each of seen)
    await outcomes(async (folder) => {
      each.push(await readText(join(folder, 'folder/file.json')).catch(() => ''));
      return undefined;
    });
  t.deepEqual(seen[0], seen[1]);
  t.true(new Set(seen[0]).size > 20);
});

import { writeFile } from 'node:fs/promises';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { foldRecords, loadRecords, publishedFiles, workingFile } from '../src/index.ts';
import { madeUp, names, results } from './records.ts';

const conflicts: Readonly<Record<string, string>> = {
  'marks of a merge': '<<<<<<< HEAD\n=======\n>>>>>>> other\n',
  'another schema version': '{"schema": 99}\n',
};

for (const [what, text] of Object.entries(conflicts))
  test(`${what} in one table: the others are read, and who asks is told of it`, async (t) => {
    await using folder = await results();
    const [key] = names(1);
    await folder.write([madeUp(key)]);
    await folder.write([madeUp(key, { benchmark: 'other' })], { ...folder.table, benchmark: 'other' });
    await foldRecords(folder.root);
    await writeFile(publishedFiles({ ...folder.table, benchmark: 'other' }).measured, text);
    const told: string[] = [];
    const { records } = await loadRecords(folder.root, {
      onCorrupt: 'report',
      onUnreadable: ({ benchmark }, error) => told.push(`${benchmark}: ${error.message}`),
    });
    t.deepEqual(
      records.map(({ benchmark }) => benchmark),
      ['tiny'],
    );
    t.is(told.length, 1);
    t.regex(told[0], /^other: .*measured-smoke\.jsonl:1/);
    await t.throwsAsync(loadRecords(folder.root, { onCorrupt: 'report' }), { instanceOf: PrunebenchError });
  });

test('a record that names a place outside in place of a stage, or of its key, is no record', async (t) => {
  await using folder = await results();
  const [first, second] = names(2);
  await folder.write([madeUp(first), madeUp(second)]);
  const { digest: _, ...record } = { ...madeUp(first), digest: '' };
  const stages = [{ key: '../..', kind: 'train', seconds: 1 }];
  await writeFile(
    workingFile(folder.table, first),
    JSON.stringify({ ...record, code: undefined, run: { ...record.run, stages } }),
  );
  await writeFile(
    workingFile(folder.table, second),
    JSON.stringify({ ...record, code: undefined, key: '../../outside' }),
  );
  const { records, corrupt } = await loadRecords(folder.root, { onCorrupt: 'report' });
  t.deepEqual(records, []);
  t.regex(corrupt[0].reason, /^field run\.stages\.0\.key: must be 32 hexadecimal digits/);
  t.regex(corrupt[1].reason, /^field key: must be letters, digits/);
});

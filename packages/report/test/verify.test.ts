import { copyFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { foldRecords, loadRecords } from '@prunebench/records';
import test from 'ava';
import { verifyResults, writeLeaderboard, writeReport } from '../src/index.ts';
import { edit, keyOf, workplace } from './tiny-benchmark.ts';

/** A results folder with everything written, and how to verify it. */
async function publishedResults() {
  const place = await workplace();
  const { resultsDir, source } = place;
  const { records } = await loadRecords(resultsDir);
  await writeReport(source, { resultsDir, records, keyOf });
  await writeLeaderboard([source], { resultsDir, keyOf });
  return { ...place, verify: () => verifyResults([source], { resultsDir, keyOf }) };
}

test('what was just written verifies', async (t) => {
  const { verify } = await publishedResults();
  t.deepEqual(await verify(), []);
});

test('a changed digit in a CSV is found, with its line', async (t) => {
  const { verify, resultsDir } = await publishedResults();
  const file = join(resultsDir, 'tiny', 'table-cpu.csv');
  await edit(file, '2.6167', '2.6067');
  const [difference, ...others] = await verify();
  t.is(others.length, 0);
  t.is(difference!.file, file);
  const lines = (await readFile(file, 'utf8')).split('\n');
  t.is(lines[difference!.line! - 1], difference!.found);
  t.true(difference!.expected.includes('2.6167') && difference!.found.includes('2.6067'));
});

for (const file of ['comparisons-cpu.csv', 'accuracy-cpu.svg', 'density-cpu.svg', '../leaderboard.csv']) {
  test(`a changed digit in ${file} is found`, async (t) => {
    const { verify, resultsDir } = await publishedResults();
    const path = join(resultsDir, 'tiny', file);
    const text = await readFile(path, 'utf8');
    const at = text.search(/\d[^\d]*$/);
    await writeFile(path, `${text.slice(0, at)}${(Number(text[at]) + 1) % 10}${text.slice(at + 1)}`);
    t.deepEqual(
      (await verify()).map((difference) => difference.file),
      [path],
    );
  });
}

test('a changed digit in the README is found; what is outside the markers is free', async (t) => {
  const { verify, readme } = await publishedResults();
  await edit(readme, 'Before.', 'Something else.');
  t.deepEqual(await verify(), []);
  await edit(readme, '2.62 ±', '2.52 ±');
  t.deepEqual(
    (await verify()).map((difference) => difference.file),
    [readme],
  );
});

test('a changed digit in a selected table of another file is found; a table that is not complete leaves no place filled', async (t) => {
  const { source, resultsDir } = await publishedResults();
  const file = join(resultsDir, '..', 'front.md');
  const start = '<!-- table:start benchmark=tiny network=mlp scale=cpu -->';
  await writeFile(file, `${start}\n<!-- table:end -->\n`);
  const front = { ...source, excerpts: [file] };
  const verify = () => verifyResults([front], { resultsDir, keyOf });
  t.deepEqual(
    (await verify()).map((difference) => difference.file),
    Array.from({ length: 5 }, () => file),
  );
  const { records } = await loadRecords(resultsDir);
  await writeReport(front, { resultsDir, records, keyOf });
  t.deepEqual(await verify(), []);
  await edit(file, '2.62 ±', '2.52 ±');
  t.deepEqual(
    (await verify()).map((difference) => difference.file),
    [file],
  );
  await rm(join(resultsDir, 'tiny', 'records'), { recursive: true });
  t.true((await verify()).some((difference) => difference.file === file && difference.expected.includes('empty')));
});

test('a changed record makes the tables differ', async (t) => {
  const { verify, resultsDir } = await publishedResults();
  const record = join(resultsDir, 'tiny', 'records', 'cpu', 'global-0.9-0.json');
  await edit(record, '"remaining": 60', '"remaining": 61');
  t.true((await verify()).length > 0);
});

test('a record whose key is not that of its spec is found', async (t) => {
  const { verify, resultsDir } = await publishedResults();
  const record = join(resultsDir, 'tiny', 'records', 'cpu', 'global-0.9-0.json');
  await edit(record, '"key": "global-0.9-0"', '"key": "global-0.9-7"');
  const keys = (await verify()).filter(({ file, line }) => file === record && line === null);
  t.true(keys.some(({ expected }) => expected.includes('global-0.9-0')));
});

test('published records verify like files, and a line that was changed is named with its trial', async (t) => {
  const { verify, resultsDir } = await publishedResults();
  await foldRecords(resultsDir);
  t.deepEqual(await verify(), []);
  const file = join(resultsDir, 'tiny', 'measured-cpu.jsonl');
  await edit(file, '"remaining":60', '"remaining":61');
  const line = (await readFile(file, 'utf8')).split('\n').findIndex((text) => text.includes('"remaining":61'));
  const differences = await verify();
  t.like(differences[0], { file, line: line + 1, expected: 'a trial record of global-0.9-0' });
  t.true(differences.length > 1, 'the tables differ without it');
});

test('a corrupt record, a twin and a record in the wrong folder are found', async (t) => {
  const { verify, resultsDir } = await publishedResults();
  const records = join(resultsDir, 'tiny', 'records', 'cpu');
  await writeFile(join(records, 'broken.json'), '{');
  await copyFile(join(records, 'global-0.9-0.json'), join(records, 'global-0.9-0-copy.json'));
  await mkdir(join(resultsDir, 'tiny', 'records', 'paper'));
  await rename(join(records, 'global-0.9-1.json'), join(resultsDir, 'tiny', 'records', 'paper', 'global-0.9-1.json'));
  const differences = await verify();
  t.true(differences.some(({ expected }) => expected.startsWith('a place among')));
  t.true(differences.some(({ file, expected }) => file.endsWith('broken.json') && expected === 'a trial record'));
  t.true(differences.some(({ found }) => found.startsWith('the same trial as')));
});

test('a table without records and a missing table are found', async (t) => {
  const { verify, resultsDir } = await publishedResults();
  await copyFile(join(resultsDir, 'tiny', 'table-cpu.csv'), join(resultsDir, 'tiny', 'table-paper.csv'));
  await rm(join(resultsDir, 'tiny', 'density-cpu.svg'));
  t.deepEqual(
    (await verify()).map(({ file }) => file.split(/[\\/]/).at(-1)),
    ['density-cpu.svg', 'table-paper.csv'],
  );
});

test('a published table whose records are gone is found in the README too', async (t) => {
  const { verify, resultsDir, readme } = await publishedResults();
  await rm(join(resultsDir, 'tiny', 'records', 'cpu', 'global-0.9-0.json'));
  t.true((await verify()).some(({ file }) => file === readme));
});

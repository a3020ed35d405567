/** The published form: what it holds, what it survives, and what is said where it is damaged. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFile, copyFile, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test, { type ExecutionContext } from 'ava';
import {
  foldRecords,
  foldTable,
  loadRecords,
  loadTable,
  publishedFiles,
  readTable,
  recordTable,
  rewriteRecords,
  withdrawRecords,
  workingFile,
  writeRecord,
} from '../src/index.ts';
import { elsewhere, madeUp, names, results } from './records.ts';

const keys = names(4);

/** A folder in which four records are published. */
async function published() {
  const folder = await results();
  await folder.write(keys.toReversed().map((key, i) => madeUp(key, { series: `series ${i}` })));
  await foldTable(folder.table);
  return { ...folder, ...publishedFiles(folder.table) };
}

/** Changes the lines of a file. */
async function change(file: string, to: (lines: readonly string[]) => readonly string[]): Promise<void> {
  const lines = (await readFile(file, 'utf8')).trimEnd().split('\n');
  await writeFile(file, `${to(lines).join('\n')}\n`);
}

async function refused(t: ExecutionContext, root: string, says: RegExp): Promise<void> {
  for (const onCorrupt of ['throw', 'report'] as const) {
    const error = await t.throwsAsync<PrunebenchError>(loadRecords(root, { onCorrupt }), {
      instanceOf: PrunebenchError,
    });
    t.regex(error.message, says);
    t.truthy(error.remedy);
  }
}

test('records are published as two sorted files, nothing else is left, and they read back as they were', async (t) => {
  await using folder = await results();
  const records = keys.map((key) => madeUp(key));
  await folder.write(records.toReversed());
  t.deepEqual(await foldRecords(folder.root), { folded: 4, left: 0 });
  const files = await folder.files();
  t.deepEqual([...files.keys()], ['tiny/measured-smoke.jsonl', 'tiny/runs-smoke.jsonl']);
  for (const text of files.values()) {
    const lines = text.trimEnd().split('\n');
    t.deepEqual(
      lines.map((line) => JSON.parse(line).key),
      keys,
    );
  }
  t.deepEqual((await loadRecords(folder.root)).records, records);
  t.deepEqual(await foldRecords(folder.root), { folded: 0, left: 0 });
  t.deepEqual(await folder.files(), files);
});

test('the two lines of a record, field by field', async (t) => {
  await using folder = await results();
  const [key] = keys;
  await writeRecord(folder.table, `${key}-01234567`, madeUp(key));
  await foldTable(folder.table);
  const [measured, run] = [...(await folder.files()).values()].map((text) => JSON.parse(text));
  const identity = ['key', 'name', 'schema'];
  t.deepEqual(Object.keys(measured), [
    ...identity,
    ...['benchmark', 'scale', 'series', 'control', 'spec', 'failure', 'measured', 'digest'],
  ]);
  t.deepEqual(Object.keys(run), [...identity, 'of', 'run', 'code', 'digest']);
  t.is(run.of, measured.digest);
  // The seal by its definition, without the code that makes it: of the JSON with sorted names.
  const sorted = (value: unknown): unknown =>
    value === null || typeof value !== 'object' || Array.isArray(value)
      ? Array.isArray(value)
        ? value.map(sorted)
        : value
      : Object.fromEntries(
          Object.entries(value)
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([name, inner]) => [name, sorted(inner)]),
        );
  for (const { digest, ...rest } of [measured, run]) {
    const hash = createHash('sha256').update(JSON.stringify(sorted(rest)));
    t.is(digest, hash.digest('hex').slice(0, 32));
  }
});

test('a rerun on another machine, by other code, to the same numbers changes no line of measured', async (t) => {
  await using folder = await published();
  const [measured, runs] = [await readFile(folder.measured, 'utf8'), await readFile(folder.runs, 'utf8')];
  const { records } = await loadRecords(folder.root);
  await folder.write(records.map(elsewhere));
  await foldTable(folder.table);
  t.is(await readFile(folder.measured, 'utf8'), measured);
  t.not(await readFile(folder.runs, 'utf8'), runs);
  await using fresh = await results();
  await fresh.write(records.map(elsewhere));
  await foldTable(fresh.table);
  t.is(await readFile(publishedFiles(fresh.table).measured, 'utf8'), measured, 'in an empty folder too');
});

test('a line that lacks an option from before there was one stays as it is where nothing else has changed', async (t) => {
  await using folder = await published();
  const older = (line: string) => {
    const { digest: _, ...rest } = JSON.parse(line);
    delete rest.spec.pretrain.sparse;
    return rest;
  };
  // As an earlier version wrote it: without the option, sealed like that.
  const { sealed } = await import('@prunebench/core');
  const digests: string[] = [];
  await change(folder.measured, (lines) =>
    lines.map((line) => {
      const sealedLine = sealed(older(line));
      digests.push(sealedLine.digest);
      return JSON.stringify(sealedLine);
    }),
  );
  await change(folder.runs, (lines) =>
    lines.map((line, i) => {
      const { digest: _, ...rest } = JSON.parse(line);
      return JSON.stringify(sealed({ ...rest, of: digests[i] }));
    }),
  );
  const before = await readFile(folder.measured, 'utf8');
  await folder.write((await loadRecords(folder.root)).records.map(elsewhere));
  await foldTable(folder.table);
  t.is(await readFile(folder.measured, 'utf8'), before);
});

test('a record with other numbers changes its own lines alone', async (t) => {
  await using folder = await published();
  const lines = async () => (await readFile(folder.measured, 'utf8')).split('\n');
  const before = await lines();
  const [{ measured, ...record }] = (await loadRecords(folder.root)).records;
  await folder.write([{ ...record, measured: { ...measured!, trainedExamples: 101 } }]);
  await foldTable(folder.table);
  const after = await lines();
  t.deepEqual(after.slice(1), before.slice(1));
  t.not(after[0], before[0]);
});

test('a working file takes the place of the published record until it is published itself', async (t) => {
  await using folder = await published();
  await folder.write([madeUp(keys[1], { series: 'renamed' })]);
  const { records, places } = await loadRecords(folder.root);
  t.deepEqual(
    records.map(({ key }) => key),
    keys,
  );
  t.is(records[1].series, 'renamed');
  t.is(places.get(records[1])!.file, workingFile(folder.table, keys[1]));
  t.like(places.get(records[2]), { file: folder.measured, line: 3, sealed: true });
});

for (const [what, file] of [
  ['measurements', 'measured'],
  ['a run', 'runs'],
] as const)
  test(`a number of ${what} that was changed by hand is named, left out, and set aside when its trial runs`, async (t) => {
    await using folder = await published();
    await change(folder[file], (lines) => lines.map((line, i) => (i === 2 ? line.replace(/(\d)}/, '1$1}') : line)));
    const { records, corrupt } = await loadRecords(folder.root, { onCorrupt: 'report' });
    t.deepEqual(
      records.map(({ key }) => key),
      keys.toSpliced(2, 1),
    );
    t.is(corrupt.length, 1);
    t.like(corrupt[0], { file: folder[file], line: 3, name: keys[2] });
    t.regex(corrupt[0].reason, /does not match its digest/);
    const thrown = await t.throwsAsync(loadRecords(folder.root), { instanceOf: PrunebenchError });
    t.true(thrown.message.startsWith(`${folder[file]}:3 is not a trial record`));

    const damaged = await folder.files();
    await folder.write([madeUp(keys[0], { series: 'new' })]);
    t.deepEqual(await foldTable(folder.table), { folded: 0, left: 1 }, 'nothing is published over it');
    const notices: string[] = [];
    t.deepEqual([...(await readTable(folder.table, (line) => notices.push(line))).keys()].sort(), keys.toSpliced(2, 1));
    t.regex(
      notices[0],
      new RegExp(`^Record .*-smoke\\.jsonl:3 is corrupt .* set aside as ${file}-smoke\\.jsonl\\.corrupt-1`),
    );
    const files = await folder.files();
    for (const name of ['measured', 'runs'])
      t.is(files.get(`tiny/${name}-smoke.jsonl.corrupt-1`), damaged.get(`tiny/${name}-smoke.jsonl`), 'nothing is lost');
    await folder.write([madeUp(keys[2])]);
    t.deepEqual(await foldTable(folder.table), { folded: 2, left: 0 });
    t.is((await loadRecords(folder.root)).records.length, 4);
  });

for (const mark of ['<<<<<<< HEAD', '=======', '>>>>>>> theirs', '||||||| base'])
  test(`the mark of a conflict, ${mark}, is one error with its line`, async (t) => {
    await using folder = await published();
    await change(folder.measured, (lines) => lines.toSpliced(2, 0, mark));
    await refused(t, folder.root, /measured-smoke\.jsonl:3: Git could not merge/);
  });

test('a trial that is there twice is one error with both lines', async (t) => {
  await using folder = await published();
  await change(folder.runs, (lines) => [...lines, lines[1]]);
  await refused(t, folder.root, new RegExp(`runs-smoke\\.jsonl:5: trial ${keys[1]} is there twice, first in line 2`));
});

test('measurements without their run, and with the run of others, are one error', async (t) => {
  await using folder = await published();
  await change(folder.runs, (lines) => lines.slice(0, 3));
  await refused(t, folder.root, new RegExp(`measured-smoke\\.jsonl:4: trial ${keys[3]} has no line in .*runs`));
  await using mixed = await published();
  const before = await readFile(mixed.runs, 'utf8');
  await mixed.write([madeUp(keys[0], { failure: 'something', measured: null })]);
  await foldTable(mixed.table);
  await writeFile(mixed.runs, before);
  await refused(
    t,
    mixed.root,
    /measured-smoke\.jsonl:1: trial 0+ has the run of other measurements, in .*runs-smoke\.jsonl:1/,
  );
});

test('two branches that add trials merge by lines, also side by side', async (t) => {
  await using folder = await published();
  const [, ours, theirs] = names(7).slice(4);
  const base = await folder.files();
  const added = async (key: string) => {
    await folder.write([madeUp(key)]);
    await foldTable(folder.table);
    const files = await folder.files();
    for (const [name, text] of base) await writeFile(join(folder.root, name), text);
    return files;
  };
  const sides = [await added(ours), base, await added(theirs)];
  for (const name of base.keys()) {
    const paths = ['ours', 'base', 'theirs'].map((side) => join(folder.root, side));
    for (const [i, path] of paths.entries()) await writeFile(path, sides[i].get(name)!);
    const merged = execFileSync('git', ['merge-file', '-p', '--union', ...paths], { encoding: 'utf8' });
    await writeFile(join(folder.root, name), merged);
  }
  const { records, corrupt } = await loadRecords(folder.root);
  t.deepEqual(
    records.map(({ key }) => key),
    [...keys, ours, theirs],
  );
  t.deepEqual(corrupt, []);
  const attributes = await readFile(join(import.meta.dirname, '../../../.gitattributes'), 'utf8');
  t.regex(attributes, /^results\/\*\*\/\*\.jsonl .*merge=union/m);
});

test('lines out of order and a run that is left over are untidy and read all the same; the order is mended, the run stays', async (t) => {
  await using folder = await published();
  const files = await folder.files();
  await change(folder.measured, (lines) => lines.toReversed());
  t.is((await loadRecords(folder.root)).records.length, 4);
  t.like((await loadTable(folder.table)).untidy, [{ file: folder.measured, line: 2 }]);
  await foldTable(folder.table);
  t.deepEqual(await folder.files(), files);
  await change(folder.measured, (lines) => lines.slice(1));
  const { records, untidy } = await loadTable(folder.table);
  t.is(records.length, 3);
  t.like(untidy, [{ file: folder.runs, line: 1, reason: `trial ${keys[0]} has a run and no measurements` }]);
  await foldTable(folder.table);
  t.is((await readFile(folder.runs, 'utf8')).split('\n').length, 5, 'a run without measurements stays');
});

test('a published record of another schema version stops everything and stays where it is', async (t) => {
  await using folder = await published();
  await change(folder.measured, (lines) => lines.map((line) => line.replace('"schema":1', '"schema":99')));
  await refused(t, folder.root, /measured-smoke\.jsonl:1 has schema version 99/);
});

test('a line of another table is not believed by a run', async (t) => {
  await using folder = await published();
  const other = recordTable(folder.root, 'other', 'cpu');
  await mkdir(join(folder.root, 'other'));
  await copyFile(folder.measured, publishedFiles(other).measured);
  await copyFile(folder.runs, publishedFiles(other).runs);
  const notices: string[] = [];
  t.is((await readTable(other, (line) => notices.push(line))).size, 0);
  t.regex(notices[0], /it holds trial 0+ of tiny, scale smoke/);
});

test('rewritten records keep everything else; a new key is a new name', async (t) => {
  await using folder = await published();
  await appendFile(join(folder.root, 'tiny', 'run.log'), 'not a record');
  const [first] = keys;
  const renamed = `f${first.slice(1)}`;
  const count = await rewriteRecords(folder.root, (record) =>
    record.key === first ? { ...record, key: renamed } : undefined,
  );
  t.is(count, 1);
  const { records } = await loadRecords(folder.root);
  t.deepEqual(
    records.map(({ key }) => key),
    [...keys.slice(1), renamed],
  );
  await foldRecords(folder.root);
  t.deepEqual((await loadRecords(folder.root)).records, records);
  await rm(folder.measured);
  t.is((await loadRecords(folder.root)).records.length, 0, 'runs without measurements are none');
});

test('runs whose measurements are lost stay where they are, until the measurements are back', async (t) => {
  await using folder = await published();
  const [measured, runs] = [await readFile(folder.measured, 'utf8'), await readFile(folder.runs, 'utf8')];
  const before = await loadRecords(folder.root);
  for (const lost of ['', measured.slice(measured.indexOf('\n') + 1)]) {
    await writeFile(folder.measured, lost);
    await foldRecords(folder.root);
    t.is(await readFile(folder.runs, 'utf8'), runs);
  }
  // Taking another trial out leaves them too.
  await withdrawRecords(folder.table, [keys[1]], 'other-code');
  t.true((await readFile(folder.runs, 'utf8')).includes(keys[0]));
  t.false((await readFile(folder.runs, 'utf8')).includes(keys[1]));
  await writeFile(folder.measured, measured);
  await writeFile(folder.runs, runs);
  t.deepEqual((await loadRecords(folder.root)).records, before.records);
});

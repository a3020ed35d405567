/** Which records stand, which are computed again, and which are refused: nothing is trained here. */
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError, SCHEMA_VERSION, type TrialCode, type TrialRecord } from '@prunebench/core';
import { foldTable, loadTable, recordTable, workingFile, workingFolder, writeRecord } from '@prunebench/records';
import test from 'ava';
import { TrialCodes } from '../src/code/trial-code.ts';
import { nothingToRun, type RecordPolicy, sortTrials, withdraw } from '../src/plan/finished-trials.ts';
import { declareTrials, type Trial } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';
import { TINY } from './fixtures/cli.ts';

const registry = await loadRegistry([TINY]);
const benchmark = await registry.benchmarks.get('tiny')!.load();
const trials = declareTrials(benchmark.trials('smoke'), 1, registry);
const codes = new TrialCodes(registry);
await codes.locate(trials.map(({ spec }) => spec));

function recordOf(trial: Trial): TrialRecord {
  return {
    schema: SCHEMA_VERSION,
    key: trial.key,
    benchmark: 'tiny',
    scale: 'smoke',
    series: trial.series,
    control: trial.control,
    spec: trial.spec,
    failure: 'it only stands here',
    measured: null,
    run: {
      commit: 'abcdef0123456789',
      dirty: true,
      backend: 'cpu',
      threads: 1,
      versions: {},
      host: { cpu: 'x', cores: 1, platform: 'x' },
      datasetChecksum: 'blobs-1',
      finishedAt: '2026-01-01T00:00:00.000Z',
      computeSeconds: 0,
      stages: [],
    },
    code: codes.code(trial.spec, 'cpu'),
  };
}

const withCode = (change: (code: TrialCode) => TrialCode) => (record: TrialRecord) => ({
  ...record,
  code: change(record.code!),
});
const otherDigest = (wanted: string) =>
  withCode((code) => ({
    ...code,
    entries: code.entries.map((entry) => (entry.name === wanted ? { ...entry, digest: '0' } : entry)),
  }));
const otherEngine = withCode((code) => ({ ...code, engine: { ...code.engine, 'packages/core': '0' } }));
const unknownEngine = ({ code: _, ...record }: TrialRecord): TrialRecord => record;

/** A folder of records, each made by `change` from one of today's code; undefined leaves the trial without one. */
async function folderOf(change: (record: TrialRecord, index: number) => TrialRecord | undefined) {
  const root = await mkdtemp(join(tmpdir(), 'records-'));
  const table = recordTable(root, 'tiny', 'smoke');
  for (const [i, trial] of trials.entries()) {
    const record = change(recordOf(trial), i);
    if (record) await writeRecord(table, trial.name, record);
  }
  const notices: string[] = [];
  const sort = (policy: Partial<RecordPolicy> = {}) =>
    sortTrials(
      trials,
      { rerun: false, keep: false, ...policy },
      { table, root: '<root>', registry, codes, notice: (line) => notices.push(line) },
    );
  return { table, notices, sort, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

const seriesOf = (list: readonly Trial[]) => list.map(({ series }) => series);

test('records of this very code stand, and the finished table says whose they are', async (t) => {
  await using folder = await folderOf((record) => record);
  const sorted = await folder.sort();
  t.deepEqual(sorted.pending, []);
  t.deepEqual(folder.notices, []);
  t.regex(nothingToRun(sorted, '<root>'), /^Nothing was run: these are the records of commit abcdef0 in <root>\./);
});

test('a record whose spec was changed, with a digest that fits, is set aside and its trial computed again', async (t) => {
  await using folder = await folderOf((record, i) =>
    i === 0 ? { ...record, spec: { ...record.spec, method: 'unknown', retrain: null } } : record,
  );
  const sorted = await folder.sort();
  t.deepEqual(seriesOf(sorted.pending), [trials[0].series]);
  t.is(folder.notices.length, 1);
  t.regex(
    folder.notices[0],
    /is corrupt \(its key is not that of its spec\): set aside as .+\.corrupt-1; the trial runs again/,
  );
});

const changed: Readonly<Record<string, [change: (record: TrialRecord) => TrialRecord, says: string]>> = {
  'criterion magnitude': [
    otherDigest('criterion magnitude'),
    'criterion magnitude (packages/criteria/magnitude/src/magnitude.ts) changed since 2 records of commit abcdef0: computed again',
  ],
  "a plugin's data set": [
    otherDigest('data set blobs'),
    'data set blobs (tiny.ts) changed since 3 records of commit abcdef0: computed again',
  ],
  'a kind of step': [
    otherDigest('step train'),
    'step train (packages/training/src/steps/train.ts) changed since 3 records of commit abcdef0: computed again',
  ],
  'the network': [
    withCode((code) => ({ ...code, network: '0' })),
    'network tiny-mlp (its layers) changed since 3 records of commit abcdef0: computed again',
  ],
  'the data': [
    (record) => ({ ...record, run: { ...record.run, datasetChecksum: 'blobs-0' } }),
    'data set blobs (its data) changed since 3 records of commit abcdef0: computed again',
  ],
  'the data, in a record that says no code': [
    (record) => unknownEngine({ ...record, run: { ...record.run, datasetChecksum: 'blobs-0' } }),
    'data set blobs (its data) changed since 3 records of commit abcdef0: computed again',
  ],
  'an entry that is not used any more': [
    withCode((code) => ({ ...code, entries: [...code.entries, { name: 'step gone', file: 'gone.ts', digest: '1' }] })),
    'step gone (gone.ts) changed since 3 records of commit abcdef0: computed again',
  ],
};

for (const [what, [change, says]] of Object.entries(changed))
  test(`${what} has changed: these trials are computed again, and one line says so`, async (t) => {
    await using folder = await folderOf(change);
    const { pending, foreign, kept } = await folder.sort();
    t.deepEqual(folder.notices, [says]);
    t.deepEqual(seriesOf(pending), what === 'criterion magnitude' ? ['one-shot', 'iterative'] : seriesOf(trials));
    t.deepEqual(foreign, pending);
    t.is(kept, 0);
  });

for (const [what, change, says] of [
  ['of another engine', otherEngine, 'packages/core changed since 1 record of commit abcdef0'],
  ['that do not say by which code', unknownEngine, 'the code behind 1 record of commit abcdef0 is not recorded'],
] as const) {
  const one = (record: TrialRecord, i: number) => (i === 0 ? change(record) : i === 1 ? record : undefined);

  test(`records ${what} are refused, and the remedy says what can be done`, async (t) => {
    await using folder = await folderOf(one);
    const error = await t.throwsAsync(folder.sort(), { instanceOf: PrunebenchError });
    t.true(error.message.includes(says), error.message);
    t.regex((error as PrunebenchError).remedy ?? '', /--rerun .* --keep .* --results/);
  });

  test(`records ${what} are kept when that is asked for, which is said`, async (t) => {
    await using folder = await folderOf(one);
    const sorted = await folder.sort({ keep: true });
    t.deepEqual(folder.notices, [`${says}: kept as they are`]);
    t.deepEqual(seriesOf(sorted.pending), ['random'], 'what is missing is computed');
    t.is(sorted.kept, 1);
    t.is(sorted.records.length, 2);
  });
}

test('a finished table of other code is not said to be this code’s', async (t) => {
  await using folder = await folderOf(otherEngine);
  const line = nothingToRun(await folder.sort({ keep: true }), '<root>');
  t.notRegex(line, /Nothing was run/);
  t.regex(line, /3 records are of other code than this, kept as asked/);
});

test('--keep keeps no record of another criterion', async (t) => {
  await using folder = await folderOf((record) => otherEngine(otherDigest('criterion random')(record)));
  const { pending, kept } = await folder.sort({ keep: true });
  t.deepEqual(seriesOf(pending), ['random']);
  t.is(kept, 2);
});

test('--rerun computes everything again, whatever computed it', async (t) => {
  await using folder = await folderOf((record, i) => (i === 0 ? otherEngine(record) : i === 1 ? record : undefined));
  const { pending, foreign } = await folder.sort({ rerun: true });
  t.deepEqual(pending, trials);
  t.deepEqual(seriesOf(foreign), ['one-shot'], 'only these must not be shown if they fail now');
  t.deepEqual(folder.notices, [
    'packages/core changed since 1 record of commit abcdef0: computed again',
    '2 finished trials are computed again',
  ]);
});

test('a record whose numbers were changed is set aside, and its trial runs again', async (t) => {
  await using folder = await folderOf((record) => record);
  const [{ name }] = trials;
  const file = workingFile(folder.table, name);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace('"computeSeconds": 0', '"computeSeconds": 1'));
  const { pending } = await folder.sort();
  t.deepEqual(seriesOf(pending), ['one-shot']);
  t.regex(folder.notices[0], new RegExp(`^Record ${file} is corrupt \\(its content does not match its digest`));
  t.true((await readdir(workingFolder(folder.table))).includes(`${name}.json.corrupt-1`));
});

test('a label that is brought up to date is sealed anew', async (t) => {
  await using folder = await folderOf((record) => ({ ...record, series: `old ${record.series}` }));
  t.deepEqual((await folder.sort()).pending, []);
  t.deepEqual((await folder.sort()).pending, [], 'and believed again');
  const text = await readFile(workingFile(folder.table, trials[0].name), 'utf8');
  t.is(JSON.parse(text).series, 'one-shot');
});

test('published records are sorted like working ones', async (t) => {
  await using folder = await folderOf((record, i) => (i === 0 ? otherDigest('step train')(record) : record));
  await foldTable(folder.table);
  const { pending, foreign, records } = await folder.sort();
  t.deepEqual(seriesOf(pending), ['one-shot']);
  t.deepEqual(foreign, pending);
  t.is(records.length, 2);
});

test('a published record of other code that could not be made anew leaves its table, and is kept', async (t) => {
  await using folder = await folderOf(otherDigest('step train'));
  await foldTable(folder.table);
  const notice = (line: string) => folder.notices.push(line);
  await withdraw(trials.slice(0, 1), { table: folder.table, root: '<root>', registry, codes, notice });
  const { records } = await loadTable(folder.table);
  t.deepEqual(records.map(({ series }) => series).sort(), seriesOf(trials.slice(1)).sort());
  const kept = await readFile(`${workingFile(folder.table, trials[0].name)}.other-code`, 'utf8');
  t.is(JSON.parse(kept).series, 'one-shot');
  t.regex(folder.notices.at(-1)!, /is of other code and could not be computed again: it is now .*\.json\.other-code$/);
});

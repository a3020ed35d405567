/** A trial by what it is, in place of its key: held against a handful of records made up here. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError, SCHEMA_VERSION, type TrialRecord } from '@prunebench/core';
import { writeRecord } from '@prunebench/records';
import test from 'ava';
import { Command } from 'commander';
import { type Selection, selecting, selectionFilters } from '../src/options/selection.ts';
import { findRecord } from '../src/plan/find-record.ts';
import { listedTrials } from '../src/plan/listed-trials.ts';
import { loadRegistry } from '../src/registry.ts';
import { repositoryRoot } from '../src/repository.ts';
import { resultsFolder } from '../src/results/results-folder.ts';
import { columns } from '../src/terminal/columns.ts';
import { exportCommand } from '../src/usage/export.ts';
import { showCommand } from '../src/usage/show.ts';
import { timeCommand } from '../src/usage/time.ts';
import { TINY } from './fixtures/cli.ts';

interface Made {
  readonly key: string;
  readonly network?: string;
  readonly series?: string;
  readonly sparsity?: number;
  readonly seed?: number;
  readonly failure?: string;
}

function madeUp({ key, network = 'a', series = 'SNIP', sparsity = 0.95, seed = 0, failure }: Made): TrialRecord {
  return {
    schema: SCHEMA_VERSION,
    key,
    benchmark: 'tiny',
    scale: 'smoke',
    series,
    control: false,
    spec: { dataset: 'blobs', network, method: 'snip', options: {}, sparsity, pretrain: null, retrain: null, seed },
    failure: failure ?? null,
    measured: null,
    run: {
      ...{ commit: 'c', dirty: false, backend: 'cpu', threads: 1, versions: {}, datasetChecksum: 'd' },
      host: { cpu: 'x', cores: 1, platform: 'y' },
      ...{ finishedAt: '2026-01-01T00:00:00.000Z', computeSeconds: 1, stages: [] },
    },
  };
}

const made: readonly Made[] = [
  { key: 'aa01' },
  { key: 'aa02', seed: 1 },
  { key: 'bb03', seed: 1, network: 'b' },
  { key: 'bb04', seed: 1, sparsity: 0.5 },
  { key: 'cc05', seed: 1, sparsity: 0.5, series: 'SNIP, shuffled mask' },
];

async function folderOfRecords() {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-selection-'));
  const folder = resultsFolder(root);
  for (const each of made) await writeRecord(folder.table('tiny', 'smoke'), each.key, madeUp(each));
  return { folder, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

/** What a command line leaves. */
function parsed(...args: string[]): Selection {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  selecting(command);
  return command.parse(args, { from: 'user' }).opts<Selection>();
}

test('a trial is found by what it is, and by a key together with it', async (t) => {
  await using box = await folderOfRecords();
  const find = async (key: string | undefined, ...args: string[]) =>
    (await findRecord({ key, filters: selectionFilters(parsed(...args)) }, box.folder)).key;
  t.is(await find(undefined, '--series', 'SNIP', '--network', 'a', '--sparsity', '0.950', '--seed', '1'), 'aa02');
  t.is(await find(undefined, '--sparsity', '50%', '--series', 'SNIP'), 'bb04');
  t.is(await find('bb', '--network', 'a'), 'bb04');
  t.is(await find('cc'), 'cc05');
});

const refused: readonly { args: readonly string[]; message: RegExp; remedy: RegExp }[] = [
  {
    args: ['--series', 'SNIP', '--sparsity', '0.95', '--seed', '1'],
    message: /^2 trials have series SNIP, .*: aa02 \(tiny smoke: SNIP, a on blobs, sparsity 0.95, seed 1\); bb03 /,
    remedy: /^Say which with --network \(a, b\), or/,
  },
  {
    args: ['--series', 'SNIP', '--sparsity', '0.7', '--seed', '1'],
    message: /^No trial with series "SNIP" has sparsity "0.7"\.$/,
    remedy: /^Values that occur: 0.5, 0.95\.$/,
  },
  { args: ['--series', 'snp'], message: /has series "snp"/, remedy: /mean "SNIP"\?.*"SNIP", "SNIP, shuffled mask"/ },
  { args: ['--seed', '7'], message: /has seed "7"/, remedy: /^Values that occur: 0, 1\.$/ },
  { args: [], message: /^No trial is named/, remedy: /--series/ },
];
for (const { args, message, remedy } of refused)
  test(`"${args.join(' ')}" is refused, and says what there is`, async (t) => {
    await using box = await folderOfRecords();
    const filters = selectionFilters(parsed(...args));
    const error = await t.throwsAsync(findRecord({ filters }, box.folder), { instanceOf: PrunebenchError, message });
    t.regex(error.remedy ?? '', remedy);
  });

for (const made of [showCommand, exportCommand, timeCommand]) {
  const command = made();
  test(`every trial in the examples of ${command.name()} that is selected is one of the published ones`, async (t) => {
    const help: string[] = [];
    command.configureOutput({ writeOut: (text) => void help.push(text) }).outputHelp();
    const examples = [...help.join('').matchAll(/^ {2}\.\/prunebench \w+ (--series .*)$/gm)].map(([, words]) =>
      words.split(' '),
    );
    t.true(examples.length > 0);
    const published = resultsFolder(join(repositoryRoot, 'results'));
    for (const words of examples) {
      const { series } = await findRecord({ filters: selectionFilters(parsed(...words)) }, published);
      t.is(series, 'SNIP');
    }
  });
}

test('what is no number is wrong usage', (t) => {
  for (const text of ['half', '-0.5', '', '%']) t.throws(() => parsed('--sparsity', text), { message: /a number/ });
});

test('trials without a record are open, records that nothing declares are of an earlier declaration', async (t) => {
  const registry = await loadRegistry([TINY]);
  const tiny = await registry.benchmarks.get('tiny')!.load();
  const nothing = listedTrials(tiny, { records: [], places: new Map() }, registry, 'smoke');
  // Three series, two seeds.
  t.deepEqual(
    nothing.map(({ series, spec, state }) => [series, spec.seed, state]),
    ['one-shot', 'iterative', 'random'].flatMap((series) => [0, 1].map((seed) => [series, seed, 'open'])),
  );
  const { key, spec, series } = nothing[2];
  const table = { root: '', benchmark: 'tiny', scale: 'smoke' };
  const records = [{ ...madeUp({ key, series, failure: 'layer collapse' }), spec }, madeUp({ key: 'ff' })];
  const places = new Map(records.map((each) => [each, { table, name: each.key, file: '', line: null, sealed: true }]));
  const listed = listedTrials(tiny, { records, places }, registry);
  t.deepEqual(
    listed.map(({ state }) => state),
    ['open', 'open', 'failed', 'open', 'open', 'open', 'earlier'],
  );
  t.is(listed[2].failure, 'layer collapse');
});

test('columns are as wide as they must be, numbers at the right, and empty ones are left out', (t) => {
  const rows = [
    { name: 'a', count: '7', note: '' },
    { name: 'longer\u001b[2J', count: '1234567', note: '' },
  ];
  const table = columns<(typeof rows)[number]>(
    [
      { head: 'name', text: ({ name }) => name },
      { head: 'count', align: 'right', text: ({ count }) => count },
      { head: 'note', text: ({ note }) => note },
    ],
    rows,
  );
  const lines = table.split('\n');
  t.is(lines.length, 3);
  t.is(new Set(lines.map(({ length }) => length)).size, 1);
  t.true(lines[1].startsWith('a ') && lines[1].endsWith('      7'));
  t.false(table.includes('\u001b'));
});

/** What a plugin's benchmark brings along (published values, a README), and that its results are read without naming it again. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineBenchmark, PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { checkPublished } from '../src/results/published-of.ts';
import { pluginsOf, rememberPlugins } from '../src/results/remembered-plugins.ts';
import { sandbox, TINY } from './fixtures/cli.ts';

const PLUGIN = `
import { defineBenchmark, type Plugin } from '@prunebench/core';
const training = { epochs: 1, batchSize: 32, learningRate: 0.05 };
const cell = { dataset: 'blobs', network: 'tiny-mlp', sparsity: 0.5, pretrain: training, retrain: training };
export default {
  benchmarks: [defineBenchmark({
    id: 'own-table',
    title: 'Mine',
    question: 'Does it run?',
    seeds: { smoke: 1, cpu: 3, paper: 3 },
    trials: () => [{ ...cell, method: 'magnitude', series: 'magnitude' }],
    published: [{ network: 'tiny-mlp', dataset: 'blobs', series: 'magnitude', where: { table_id: 'P1' } }],
    folder: import.meta.dirname,
  })],
} satisfies Plugin;
`;
const PUBLISHED = `table_id,paper,year,where_in_paper,dataset,network,method,sparsity_percent_or_compression,metric,value,plus_minus,notes,confidence,source
P1,Nobody,2020,Table 7,Blobs,MLP,theirs,50,test error %,12.34,,,verified,made up
`;
const README = '# Mine\n\n<!-- table:start -->\n<!-- table:end -->\n\nThe end.\n';

async function boxWithTable() {
  const box = await sandbox();
  const path = join(box.root, 'own.ts');
  await writeFile(path, PLUGIN);
  await writeFile(join(box.root, 'published.csv'), PUBLISHED);
  await writeFile(join(box.root, 'README.md'), README);
  return { box, path };
}

test.serial(
  "a plugin's published values stand in its table and README, and later commands need no --plugin",
  async (t) => {
    const { box, path } = await boxWithTable();
    await using _ = box;
    const { exitCode, all } = await box.run('own-table', '--plugin', path, '--scale', 'cpu');
    t.is(exitCode, 0, all);
    const readme = await readFile(join(box.root, 'README.md'), 'utf8');
    t.true(
      readme.startsWith('# Mine\n\n<!-- table:start -->\n') && readme.endsWith('<!-- table:end -->\n\nThe end.\n'),
    );
    t.regex(readme, /Nobody 2020, Table 7 \(theirs\).*87\.66/, 'a test error of 12.34 % is an accuracy of 87.66 %');
    const remembered: unknown = JSON.parse(await readFile(join(box.results, 'plugins.json'), 'utf8'));
    t.deepEqual(Object.keys(Object(remembered)), ['own-table']);

    const verified = await box.cli('verify', '--results', box.results);
    t.is(verified.exitCode, 0, verified.all);
    t.regex(verified.stdout, /own-table/);
    const reported = await box.cli('report', '--results', box.results, '--json');
    t.is(reported.exitCode, 0, reported.all);
    const [key] = (await readFile(join(box.results, 'own-table', 'measured-cpu.jsonl'), 'utf8')).match(
      /[0-9a-f]{16,}/,
    ) ?? [''];
    const exported = await box.cli('export', key, '--results', box.results, '--output', box.root);
    t.is(exported.exitCode, 0, exported.all);

    await rename(path, join(box.root, 'moved.ts'));
    const gone = await box.cli('report', '--results', box.results);
    t.is(gone.exitCode, 1, gone.all);
    t.is(
      gone.stderr.split('\n')[0],
      `error: The results of own-table in ${box.results} need the plugin ${path}, which is not there any more.`,
    );
    t.regex(gone.stderr, /--plugin <folder>\/own\.ts.*plugins\.json/);
  },
);

test.serial('published values that fit no series or row are said before anything is trained', async (t) => {
  const { box, path } = await boxWithTable();
  await using _ = box;
  await writeFile(join(box.root, 'published.csv'), PUBLISHED.replace(',12.34,', ',12.34*,'));
  const { exitCode, stderr } = await box.run('own-table', '--plugin', path);
  t.is(exitCode, 1, stderr);
  t.regex(stderr, /^error: .*published\.csv, line 2, column value: /);
  t.is((await box.records('own-table')).size, 0);
});

async function emptyFolder() {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-own-'));
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

test('a results folder remembers plugins by their way from it, so that both can be moved', async (t) => {
  await using place = await emptyFolder();
  const results = { root: join(place.root, 'project', 'results') };
  await mkdir(results.root, { recursive: true });
  const [mine, other] = ['mine.ts', 'other.ts'].map((name) => join(place.root, 'project', name));
  for (const file of [mine, other]) await writeFile(file, '');
  t.deepEqual(await pluginsOf(results, []), []);
  await rememberPlugins(results, 'b', [mine, other]);
  await rememberPlugins(results, 'a', [other]);
  await rememberPlugins(results, 'c', []);
  t.is(
    await readFile(join(results.root, 'plugins.json'), 'utf8'),
    '{\n  "a": [\n    "../other.ts"\n  ],\n  "b": [\n    "../mine.ts",\n    "../other.ts"\n  ]\n}\n',
  );
  t.deepEqual(await pluginsOf(results, [], { benchmark: 'a' }), [other]);
  t.deepEqual((await pluginsOf(results, [TINY])).toSorted(), [TINY, mine, other].toSorted());
  t.false((await pluginsOf(results, [TINY], { replaced: 'b' })).includes(mine));

  await rename(join(place.root, 'project'), join(place.root, 'moved'));
  const moved = { root: join(place.root, 'moved', 'results') };
  t.deepEqual(await pluginsOf(moved, [], { benchmark: 'a' }), [join(place.root, 'moved', 'other.ts')]);

  // Where a plugin lies elsewhere now, a given one of its name takes its place.
  const elsewhere = join(place.root, 'other.ts');
  await rename(join(place.root, 'moved', 'other.ts'), elsewhere);
  await t.throwsAsync(pluginsOf(moved, [], { benchmark: 'a' }), {
    instanceOf: PrunebenchError,
    message: /other\.ts, which is not there/,
  });
  t.deepEqual(await pluginsOf(moved, [elsewhere], { benchmark: 'a' }), [elsewhere]);
});

for (const text of ['{', '[]', '{ "a": "mine.ts" }', '{ "a": [""] }'])
  test(`a plugins.json that says ${text} is one clear error`, async (t) => {
    await using results = await emptyFolder();
    await writeFile(join(results.root, 'plugins.json'), text);
    const error = await t.throwsAsync(pluginsOf(results, []), { instanceOf: PrunebenchError });
    t.is(error.message, `${join(results.root, 'plugins.json')} is not a list of plugins for each benchmark.`);
  });

const bare = {
  id: 'bare',
  title: 'Bare',
  question: 'Is a file needed?',
  seeds: { smoke: 1, cpu: 3, paper: 3 },
  trials: () => [],
};
const reference = { network: 'mlp', series: 'dense', where: { table_id: 'P1' } };

test('a benchmark without published values needs no file, one with them says where it lies', async (t) => {
  await using place = await emptyFolder();
  const without = defineBenchmark({ ...bare, published: [] });
  const entry = { id: 'bare', plugin: '/x/mine.ts', load: async () => without };
  await t.notThrowsAsync(checkPublished(without, entry));
  await t.notThrowsAsync(checkPublished(without, { ...entry, folder: place.root }));
  const referring = defineBenchmark({ ...bare, published: [reference] });
  const nowhere = await t.throwsAsync(checkPublished(referring, entry), { instanceOf: PrunebenchError });
  t.regex(nowhere.message, /^Benchmark bare of \/x\/mine\.ts refers to published values, and does not say where/);
  t.regex(nowhere.remedy ?? '', /folder: import\.meta\.dirname/);
  const missing = checkPublished(referring, { ...entry, folder: place.root });
  await t.throwsAsync(missing, { instanceOf: PrunebenchError, message: /published\.csv cannot be read/ });
});

/** What is answered to slips in declarations, lists and plugins: one sentence that says where, and what to write instead. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Benchmark, defineBenchmark, PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { checkDeclarations } from '../src/plan/declared.ts';
import { trialsOf } from '../src/plan/trials-of.ts';
import { loadPlugin } from '../src/plugins/load.ts';
import { shareList } from '../src/question/lists.ts';
import { loadRegistry } from '../src/registry.ts';
import { comparedTables } from '../src/results/compared-tables.ts';

const trial = {
  dataset: 'mnist',
  network: 'mlp',
  method: 'magnitude',
  sparsity: 0.5,
  pretrain: null,
  retrain: null,
  series: 's',
};
const of = (trials: Benchmark['trials']) =>
  defineBenchmark({
    id: 'mine',
    title: 'M',
    question: '?',
    seeds: { smoke: 1, cpu: 1, paper: 1 },
    published: [],
    trials,
  });
/** As a plugin in JavaScript may have it, which no type holds to anything. */
const returning = (value: unknown) => of(() => JSON.parse(JSON.stringify({ value })).value);

test('a benchmark whose trials are none is named with what they are', (t) => {
  const message = (benchmark: Benchmark) =>
    t.throws(() => trialsOf(benchmark, 'cpu'), { instanceOf: PrunebenchError })!.message;
  t.is(message(returning([])), 'Benchmark mine: its function trials returns an empty list for scale cpu.');
  t.is(
    message(returning(undefined)),
    'Benchmark mine: its function trials returns undefined and no list for scale cpu.',
  );
  t.is(message(returning(null)), 'Benchmark mine: its function trials returns null and no list for scale cpu.');
  t.is(message(returning({})), 'Benchmark mine: its function trials returns object and no list for scale cpu.');
  const throwing = of(() => {
    throw new TypeError('x is not iterable');
  });
  t.is(message(throwing), 'Benchmark mine: its function trials throws "x is not iterable" for scale cpu.');
  t.deepEqual(
    trialsOf(
      of(() => [trial]),
      'cpu',
    ),
    [trial],
  );
});

test('a field that is not there is missing', (t) => {
  const { series: _, ...nameless } = trial;
  t.throws(() => checkDeclarations(JSON.parse(JSON.stringify([nameless]))), {
    message: `The benchmark's trials: "0.series": it is missing.`,
  });
});

test('a percentage among shares is answered with the share', (t) => {
  for (const [text, hint] of [
    ['95', 'for 95 % write 0.95'],
    ['95%', 'for 95 % write 0.95'],
    ['0.5,97.5', 'for 97.5 % write 0.975'],
    ['50..90:10', 'for 50 % write 0.5'],
  ] as const)
    t.true(t.throws(() => shareList(text))!.message.includes(hint), text);
  t.notRegex(t.throws(() => shareList('1'))!.message, /write/);
});

test('a plugin that holds nothing says so, and what it may hold', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'prunebench-plugin-'));
  for (const [i, text] of ['{}', '{ criteria: [] }', '{ criteria: undefined }'].entries()) {
    const file = join(folder, `${i}.ts`);
    await writeFile(file, `export default ${text};\n`);
    const error = await t.throwsAsync(loadPlugin(file), { instanceOf: PrunebenchError });
    t.is(error!.message, `The plugin ${file} could not be loaded: its default export holds nothing.`);
    t.regex(error!.remedy!, /^Export default an object with .*criteria/);
  }
});

test('a table is not compared with itself', async (t) => {
  const context = { results: '/nowhere', filters: [], registry: await loadRegistry(), notice: () => undefined };
  const results = await mkdtemp(join(tmpdir(), 'prunebench-same-'));
  await writeFile(join(results, 'results.json'), '{}');
  const same = { instanceOf: PrunebenchError, message: /are one and the same/ };
  await t.throwsAsync(comparedTables('tiny', 'tiny', context), same);
  await t.throwsAsync(comparedTables(results, `${results}/`, context), same);
});

/** What records may say besides, an architecture and metrics of the method's own, in every form that a table has. */
import { join } from 'node:path';
import type { Benchmark, Measured, TrialRecord } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderReport, summarise } from '../src/index.ts';
import { storedRecords, tiny, workplace } from './tiny-benchmark.ts';

type Architecture = NonNullable<Measured['architecture']>;
type More = Pick<Measured, 'architecture' | 'metrics' | 'evaluations'>;

const layer = (
  name: string,
  kind: 'conv2d' | 'dense',
  [inputs, read]: readonly [number, number],
  [units, kept]: readonly [number, number],
): Architecture[number] => ({
  name: `${name}/kernel`,
  kind,
  inputs: { total: inputs, remaining: read },
  units: { total: units, remaining: kept },
});

/** LeNet-300-100 with so many pixels and neurons left. */
const lenet300 = (pixels: number, first: number, second: number): Architecture => [
  layer('fc1', 'dense', [784, pixels], [300, first]),
  layer('fc2', 'dense', [300, first], [100, second]),
  layer('fc3', 'dense', [100, second], [10, 10]),
];

const lenet5 = (first: number, second: number, features: number, third: number): Architecture => [
  layer('conv1', 'conv2d', [1, 1], [20, first]),
  layer('conv2', 'conv2d', [20, first], [50, second]),
  layer('fc1', 'dense', [800, features], [500, third]),
  layer('fc2', 'dense', [500, third], [10, 10]),
];

const metric = (value: number, unit = 'ratio') => ({ fitness: { value, unit } });

/** The stored records at 90 %, all seeds finished, with what `more` says of a series and seed. */
async function recordsWith(
  more: (series: string, seed: number) => More,
  change: (record: TrialRecord) => TrialRecord = (record) => record,
) {
  const records = (await storedRecords()).filter(({ spec }) => spec.sparsity === 0.9);
  const { measured: any } = records.find(({ measured }) => measured !== null)!;
  return records.map((record) =>
    change({
      ...record,
      failure: null,
      measured: { ...(record.measured ?? any!), ...more(record.series, record.spec.seed) },
    }),
  );
}

const at90 = (changes: Partial<Benchmark> = {}): Benchmark => ({
  ...tiny,
  published: [],
  trials: (scale) => tiny.trials(scale).filter(({ sparsity }) => sparsity === 0.9),
  ...changes,
});

async function rendered(records: readonly TrialRecord[], benchmark = at90()) {
  const { source } = await workplace();
  const report = await renderReport({ ...source, benchmark, published: [] }, { resultsDir: 'results', records });
  const csv: Record<string, string>[] = parse(report.files.get(join('results', 'tiny', 'table-cpu.csv'))!, {
    columns: true,
  });
  return { ...report, csv, terminal: report.tables[0]!.markdown };
}

/** The cells of a Markdown table's row, the first left out. */
const rowOf = (markdown: string, start: string) =>
  markdown
    .split('\n')
    .find((line) => line.startsWith(`| ${start}`))!
    .split('|')
    .slice(2, -1)
    .map((text) => text.trim());

/** Seed by seed; the last pixels of `uniform` are a third of a pixel apart on average, and no seed of `random` says. */
const sizes: Readonly<Record<string, readonly More[]>> = {
  global: [
    { architecture: lenet300(434, 174, 78), metrics: metric(0.1) },
    { architecture: lenet300(430, 170, 80), metrics: metric(0.2) },
    { architecture: lenet300(438, 175, 79), metrics: metric(0.3) },
  ],
  uniform: [
    {
      architecture: lenet300(400, 300, 100),
      metrics: { ...metric(5, 'percent'), rounds: { value: 3, unit: 'rounds' } },
    },
    {
      architecture: lenet300(400, 300, 100),
      metrics: { ...metric(7, 'percent'), rounds: { value: 3, unit: 'rounds' } },
    },
    { architecture: lenet300(401, 300, 100), metrics: metric(6, 'percent') },
  ],
  random: [{}, { architecture: lenet300(1, 1, 1) }, {}],
};

test('a size table has the architecture as papers write it and each metric with its unit, in terminal, README and CSV', async (t) => {
  const records = await recordsWith((series, seed) => sizes[series]![seed]!);
  const { terminal, readmeBlock, csv } = await rendered(records, at90({ measure: 'size' }));
  t.true(readmeBlock!.includes(terminal.trim()));
  t.deepEqual(rowOf(terminal, ' ').slice(5), ['units left', 'fitness, percent', 'fitness, ratio']);
  t.deepEqual(rowOf(terminal, 'dense').slice(5), ['784-300-100', '', '']);
  // Means (434 + 430 + 438) / 3, (174 + 170 + 175) / 3 and 79; 0.2 with the deviation 0.1, t(0.975, 2) = 4.302653.
  const half = (4.302653 * 0.1) / Math.sqrt(3);
  t.deepEqual(rowOf(terminal, 'global').slice(5), ['434-173-79', '', `0.2000 ± ${half.toFixed(4)}`]);
  t.deepEqual(rowOf(terminal, 'uniform').slice(5, 6), ['400.3-300-100']);
  t.deepEqual(
    rowOf(terminal, 'control: random').slice(5),
    ['', '', ''],
    'where one seed does not say, the cell does not',
  );
  t.regex(terminal, /Units left: on a path from input to output/);
  t.notRegex(terminal, /rounds, rounds/, 'two of three seeds report it');

  const row = (series: string) => csv.find((each) => each.series === series)!;
  t.is(row('dense').architecture_mean_units, '784 300 100');
  t.is(row('global').architecture_mean_units, '434 173 79');
  t.is(row('uniform').architecture_mean_units, '400.3333 300 100');
  t.is(row('random').architecture_mean_units, '');
  t.is(row('global').metric_fitness_mean_ratio, '0.2');
  t.is(row('global').metric_fitness_sd_ratio, '0.1');
  t.true(Math.abs(Number(row('global').metric_fitness_high_ratio) - (0.2 + half)) < 1e-6);
  t.is(row('global').metric_fitness_mean_percent, '');
  t.is(row('uniform').metric_fitness_mean_percent, '6');
});

test('LeNet-5: filters, the features behind the flatten, neurons; no image channels and no classes', async (t) => {
  const records = await recordsWith(() => ({ architecture: lenet5(8, 13, 88, 13) }));
  const { terminal } = await rendered(records, at90({ measure: 'size' }));
  t.is(rowOf(terminal, 'dense').at(-1), '20-50-800-500');
  t.is(rowOf(terminal, 'global').at(-1), '8-13-88-13');
});

test('a path table and a speed table have the columns too', async (t) => {
  const more = () => ({
    architecture: lenet300(434, 174, 78),
    metrics: { 'rank-correlation': { value: 0.5, unit: 'ratio' } },
  });
  const speed = await rendered(await recordsWith(more), at90({ measure: 'speed' }));
  t.deepEqual(rowOf(speed.terminal, ' ').slice(-2), ['units left', 'rank-correlation, ratio']);
  t.deepEqual(rowOf(speed.terminal, 'global').slice(-2), ['434-174-78', '0.5000 ± 0.0000']);
  const lambda = (record: TrialRecord): TrialRecord => {
    const { sparsity: _, ...spec } = record.spec;
    return { ...record, spec: { ...spec, at: { lambda: 0.5 } } };
  };
  const trials = () =>
    at90()
      .trials('cpu')
      .map(({ sparsity: _, ...trial }) => ({ ...trial, at: { lambda: 0.5 } }));
  const path = await rendered(await recordsWith(more, lambda), at90({ trials }));
  t.deepEqual(rowOf(path.terminal, ' '), [
    'λ',
    'weights removed, %',
    'test error, %',
    'units left',
    'rank-correlation, ratio',
  ]);
  t.deepEqual(rowOf(path.terminal, 'uniform').slice(-2), ['434-174-78', '0.5000 ± 0.0000']);
  t.is(path.csv.find(({ series }) => series === 'global')!.metric_rank_correlation_mean_ratio, '0.5');
});

test('where the points are columns, metrics have a table below; architectures too where whole units are removed', async (t) => {
  const more = (series: string) => ({
    architecture: lenet300(434, 174, 78),
    ...(series === 'global' && { metrics: metric(0.25) }),
  });
  const { terminal, readmeBlock } = await rendered(await recordsWith(more));
  const below = terminal.indexOf('| asked, %', terminal.indexOf('seeds.'));
  t.true(below > 0, terminal);
  t.notRegex(terminal, /units left/);
  const table = terminal.slice(terminal.lastIndexOf('\n', below) + 1);
  t.deepEqual(rowOf(table, ' '), ['asked, %', 'fitness, ratio']);
  t.deepEqual(rowOf(table, 'global'), ['90', '0.2500 ± 0.0000']);
  t.deepEqual(rowOf(table, 'uniform'), ['90', '']);
  // Every cell in full has both.
  const full = readmeBlock!.slice(readmeBlock!.indexOf('<details>'));
  t.true(rowOf(full, 'series').includes('units left'));
  t.true(rowOf(full, 'uniform').includes('434-174-78'));

  const unit = (record: TrialRecord): TrialRecord => ({
    ...record,
    spec: { ...record.spec, options: { ...record.spec.options, granularity: 'unit' } },
  });
  const { terminal: units } = await rendered(await recordsWith(() => ({ architecture: lenet300(784, 30, 10) }), unit));
  const own = units.slice(units.indexOf('| asked, %') - 20);
  t.deepEqual(rowOf(own, 'dense'), ['0', '784-300-100']);
  t.deepEqual(rowOf(own, 'global'), ['90', '784-30-10']);
  t.regex(units, /Units left: on a path/);
});

test('layers that differ between seeds have no mean, and a single seed needs no interval', async (t) => {
  const mixed = await recordsWith((_, seed) => ({
    architecture: seed === 0 ? lenet5(8, 13, 88, 13) : lenet300(4, 3, 2),
  }));
  const [network] = summarise(mixed, tiny.trials('cpu')).networks;
  t.true(network!.cells.every(({ architecture }) => architecture === null));
  const one = (await recordsWith(() => ({ metrics: metric(0.000123456, 'nats') }))).filter(
    ({ spec }) => spec.seed === 0,
  );
  const { terminal, csv } = await rendered(one, at90({ measure: 'size', seeds: { smoke: 1, cpu: 1, paper: 3 } }));
  t.is(rowOf(terminal, 'global').at(-1), '0.0001235');
  t.is(csv.find(({ series }) => series === 'global')!.metric_fitness_mean_nats, '0.000123456');
  t.is(csv.find(({ series }) => series === 'global')!.metric_fitness_low_nats, '');
});

test('without such records nothing is different: evaluations and numbers that nobody shows change no byte', async (t) => {
  const plain = await rendered(await recordsWith(() => ({})));
  t.false(Object.keys(plain.csv[0]!).some((head) => /^(architecture|metric)/.test(head)));
  const counted = await rendered(await recordsWith(() => ({ evaluations: 12 })));
  t.deepEqual([...counted.files], [...plain.files]);
  t.is(counted.readmeBlock, plain.readmeBlock);
});

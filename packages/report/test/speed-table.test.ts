import { join } from 'node:path';
import type { Benchmark, TrialRecord } from '@prunebench/core';
import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderLeaderboard, renderReport } from '../src/index.ts';
import { summarise } from '../src/summary/summary.ts';
import { described } from './described.ts';
import { storedRecords, tiny } from './tiny-benchmark.ts';

const about = (measure: 'accuracy' | 'speed'): Benchmark => ({ ...tiny, measure, published: [] });

/** Speed-up of seeds 0, 1, 2 at batch 128, by series and sparsity; at batch 1 it is half of that. */
const measured: Readonly<Record<string, Readonly<Record<number, readonly number[]>>>> = {
  global: { 0.9: [3, 2, 4], 0.98: [8, 9, 7] },
  uniform: { 0.9: [0.5, 0.75, 0.25], 0.98: [1.5, 1.25, 2] },
};

const origin = {
  commit: 'abc',
  dirty: false,
  backend: 'native',
  threads: 2,
  versions: {},
  host: { cpu: 'any', cores: 2, platform: 'any' },
  measuredAt: '2026-01-01T00:00:00Z',
};

async function timedRecords(): Promise<TrialRecord[]> {
  const records = await storedRecords();
  return records.map((record) => {
    const { series, spec, key } = record;
    const speedup = measured[series]?.[spec.sparsity!]?.[spec.seed];
    const withSizes = record.measured && { ...record.measured, fileBytes: { dense: 1000, sparse: 300 + spec.seed } };
    if (speedup === undefined || withSizes === null) return { ...record, measured: withSizes };
    const batch = (batchSize: number, median: number) => ({
      batchSize,
      speedup: median,
      speedupMin: median * 0.75,
      speedupMax: median * 1.25,
      rounds: 9,
      denseMilliseconds: median,
      sparseMilliseconds: 1,
      kind: 'tiles' as const,
    });
    const batches = [batch(128, speedup), batch(1, speedup / 2)];
    return { ...record, measured: withSizes, speed: { ...origin, timed: key, batches } };
  });
}

async function rendered(benchmark: Benchmark, records: readonly TrialRecord[]) {
  return renderReport({ benchmark, published: [] }, { resultsDir: 'results', records });
}

async function pointsDrawn(records: readonly TrialRecord[]): Promise<number> {
  const svgs = await described({ benchmark: about('speed'), published: [] }, { resultsDir: 'results', records });
  return (svgs.get('speed')!.match(/aria-roledescription="point"/g) ?? []).length;
}

const rowsOf = (text: string): Record<string, string>[] => parse(text, { columns: true });
const columnsOf = (text: string) => text.split('\n')[0]!.split(',');

test('the CSV has measured speed-up and sizes: the median over seeds, the range over all of their rounds', async (t) => {
  const { files } = await rendered(about('accuracy'), await timedRecords());
  const rows = rowsOf(files.get(join('results', 'tiny', 'table-cpu.csv'))!);
  const row = rows.find((each) => each.series === 'global' && each.requested_sparsity_percent === '90')!;
  t.like(row, {
    measured_speedup_batch_1: '1.5',
    measured_speedup_batch_1_low: '0.75',
    measured_speedup_batch_1_high: '2.5',
    measured_speedup_batch_128: '3',
    measured_speedup_batch_128_low: '1.5',
    measured_speedup_batch_128_high: '5',
    timed_seeds: '3',
    dense_file_bytes: '1000',
    sparse_file_bytes: '301',
  });
  const control = rows.find(({ series }) => series === 'random')!;
  t.is(control.measured_speedup_batch_128, '');
});

test('records without measurements give tables without the columns, to the byte what they were', async (t) => {
  const records = await storedRecords();
  const timed = await timedRecords();
  const table = async (of: readonly TrialRecord[]) =>
    (await rendered(about('accuracy'), of)).files.get(join('results', 'tiny', 'table-cpu.csv'))!;
  const isNew = (column: string) => /^measured_speedup|^timed_seeds$|_file_bytes$/.test(column);
  t.false(columnsOf(await table(records)).some(isNew));
  const [old, text] = [await table(records), await table(timed)];
  t.is(columnsOf(text).filter(isNew).length, 3 + 3 + 1 + 2);
  t.deepEqual(
    columnsOf(text).filter((column) => !isNew(column)),
    columnsOf(old),
  );
  t.is(rowsOf(text).length, rowsOf(old).length);
});

test('a seed that was not timed is left out of the median, and counted', async (t) => {
  const records = (await timedRecords()).map((record) => {
    const { speed: _, ...untimed } = record;
    return record.spec.seed === 2 ? untimed : record;
  });
  const { files } = await rendered(about('accuracy'), records);
  const rows = rowsOf(files.get(join('results', 'tiny', 'table-cpu.csv'))!);
  const row = rows.find((each) => each.series === 'global' && each.requested_sparsity_percent === '90')!;
  t.like(row, { measured_speedup_batch_128: '2.5', timed_seeds: '2' });
});

const lineOf = (markdown: string, start: string) => markdown.split('\n').find((line) => line.startsWith(start)) ?? '';

test('a table of speed: a row for every series and sparsity, and from which sparsity on it is faster than dense', async (t) => {
  const records = await timedRecords();
  const { tables, files } = await rendered(about('speed'), records);
  const { markdown } = tables[0]!;
  const cells = lineOf(markdown, '| uniform')
    .split('|')
    .map((cell) => cell.trim());
  t.is(cells[2], '90');
  t.deepEqual(cells.slice(6, -1), ['0.25 (0.0938-0.469)', '0.5 (0.188-0.938)', '1', '0.3']);
  t.regex(
    lineOf(markdown, '- global, batch 128'),
    /faster than dense from 90 % on, there in every round; 8 times at 98 %/,
  );
  t.regex(lineOf(markdown, '- global, batch 1:'), /from 90 % on, in every round from 98 % on; 4 times/);
  t.regex(lineOf(markdown, '- uniform, batch 128'), /from 98 % on, never in every round; 1\.5 times/);
  t.is(
    lineOf(markdown, '- uniform, batch 1:'),
    '- uniform, batch 1: not faster than dense at the highest sparsity that was tried.',
  );
  t.deepEqual(
    [...files.keys()].map((file) => file.split('/').at(-1)),
    ['table-cpu.csv', 'comparisons-cpu.csv', 'speed-cpu.svg'],
  );
  const svg = files.get(join('results', 'tiny', 'speed-cpu.svg'))!;
  t.false(/NaN|Infinity|undefined/.test(svg));
  // Four cells in two panels of ratios and one of accuracies, two series and their legend.
  t.is(await pointsDrawn(records), 3 * 4 + 2);
});

test('what compiling gains with nothing pruned is not counted as gained by sparsity', async (t) => {
  // The control now stands for the unpruned network, four times as fast by compiling alone.
  const records = await timedRecords();
  const [timed] = records.filter(({ speed }) => speed !== undefined);
  const control = records.filter(({ series, spec }) => series === 'random' && spec.sparsity === 0.9);
  const unpruned = control.map((record): TrialRecord => {
    const batches = timed!.speed!.batches.map((batch) => ({ ...batch, speedup: 4 }));
    return { ...record, spec: { ...record.spec, sparsity: 0 }, speed: { ...timed!.speed!, batches } };
  });
  const benchmark = {
    ...about('speed'),
    trials: () => [...tiny.trials('cpu'), { ...tiny.trials('cpu')[2]!, sparsity: 0 }],
  };
  const { markdown } = (await rendered(benchmark, [...records, ...unpruned])).tables[0]!;
  t.is(lineOf(markdown, '- Nothing pruned, compiled, batch 128'), '- Nothing pruned, compiled, batch 128: 4 times.');
  t.regex(lineOf(markdown, '- global, batch 128'), /faster than dense from 98 % on/);
  t.regex(lineOf(markdown, '- uniform, batch 128'), /not faster than dense/);
});

test('at equal accuracy: the fastest network of each series within a point of the dense one', async (t) => {
  const records = (await timedRecords()).map((record): TrialRecord => {
    if (!record.measured?.final || !record.measured.dense) return record;
    const { final, dense } = record.measured;
    const at = (accuracy: number) => ({ ...final, test: { ...final.test, accuracy } });
    // Only global at 90 % and nothing of uniform stays within a point of 98 %.
    const accuracy = record.series === 'global' && record.spec.sparsity === 0.9 ? 97.25 : 96.5;
    const own = { ...dense, test: { ...dense.test, accuracy: 98 } };
    return { ...record, measured: { ...record.measured, dense: own, final: at(accuracy) } };
  });
  const { markdown } = (await rendered(about('speed'), records)).tables[0]!;
  t.regex(
    lineOf(markdown, '- Fastest within 1 point of dense (98.00 %), batch 128'),
    /: global 3 times \(at 90 %, 97\.25 %\); uniform none\.$/,
  );
});

/** Measurements as they are taken now: against the compiled network, with quartiles. */
const compiledBaseline = (record: TrialRecord): TrialRecord => {
  if (record.speed === undefined) return record;
  const batches = record.speed.batches.map((batch) => ({
    ...batch,
    speedupQ1: batch.speedup * 0.875,
    speedupQ3: batch.speedup * 1.125,
  }));
  return { ...record, speed: { ...record.speed, baseline: 'compiled', batches } };
};

test('against the compiled network: quartiles in brackets, columns of their own, and the baseline is said', async (t) => {
  const records = (await timedRecords()).map(compiledBaseline);
  const { tables, files } = await rendered(about('speed'), records);
  const { markdown } = tables[0]!;
  // Medians 0.25, 0.125 and 0.375 at batch 1; the lowest first and the highest third quartile.
  t.regex(lineOf(markdown, '| uniform'), /\| 0\.25 \(0\.109-0\.422\) \| +0\.5 \(0\.219-0\.844\) \|/);
  t.regex(markdown, /dense is the network with nothing pruned/);
  t.notRegex(markdown, /as it is evaluated/);
  const rows = rowsOf(files.get(join('results', 'tiny', 'table-cpu.csv'))!);
  t.like(rows.find((each) => each.series === 'global' && each.requested_sparsity_percent === '90')!, {
    measured_speedup_batch_128: '3',
    timing_range: 'quartiles',
    measured_speedup_batch_128_low: '1.75',
    measured_speedup_batch_128_high: '4.5',
    speedup_baseline: 'compiled',
  });
});

test('measurements against the network as it is evaluated are shown with that said, and never beside others', async (t) => {
  const records = await timedRecords();
  const old = await rendered(about('speed'), records);
  t.regex(old.tables[0]!.markdown, /dense is the network as it is evaluated/);
  const mixed = records.map((record) => (record.series === 'global' ? compiledBaseline(record) : record));
  const { tables, files } = await rendered(about('speed'), mixed);
  const cells = lineOf(tables[0]!.markdown, '| uniform').split('|');
  t.deepEqual([cells[6]!.trim(), cells[7]!.trim()], ['', '']);
  t.regex(lineOf(tables[0]!.markdown, '| global'), /\| +3 \(1\.75-4\.5\) \|/);
  const rows = rowsOf(files.get(join('results', 'tiny', 'table-cpu.csv'))!);
  t.is(rows.find(({ series }) => series === 'uniform')!.speedup_baseline, '');
});

test('networks are not compared with one another: each is shown with what it was measured against', async (t) => {
  const old = await timedRecords();
  const other = old.map(
    (record): TrialRecord => ({
      ...compiledBaseline(record),
      key: `other-${record.key}`,
      spec: { ...record.spec, network: 'another' },
    }),
  );
  const { networks } = summarise([...old, ...other], [], 'speed');
  const baselines = networks.map(({ network, cells }) => [
    network,
    [...new Set(cells.flatMap(({ speedups }) => speedups.map(({ baseline }) => baseline)))],
  ]);
  t.deepEqual(baselines, [
    ['another', ['compiled']],
    ['mlp', ['uncompiled']],
  ]);
});

test('cells of tables of speed stand in the leaderboard without a rank', async (t) => {
  const source = { benchmark: about('speed'), published: [] };
  const rows = rowsOf(renderLeaderboard([source], await timedRecords()).get('leaderboard.csv')!);
  t.deepEqual([...new Set(rows.map(({ table, rank }) => `${table} ${rank}`))], ['speed ']);
  t.true(rows.some((row) => row.measured_speedup_batch_1 !== ''));
});

type Timing = NonNullable<TrialRecord['speed']>['batches'][number];

/** The timed records with the timings of one series, sparsity and batch size changed, seed by seed. */
async function retimed(
  change: (timing: Timing, seed: number) => Partial<Timing>,
  { series = 'global', sparsity = 0.9, batchSize = 128 } = {},
): Promise<TrialRecord[]> {
  return (await timedRecords()).map((record): TrialRecord => {
    if (!record.speed || record.series !== series || record.spec.sparsity !== sparsity) return record;
    const batches = record.speed.batches.map((timing) =>
      timing.batchSize === batchSize ? { ...timing, ...change(timing, record.spec.seed) } : timing,
    );
    return { ...record, speed: { ...record.speed, batches } };
  });
}

test('a timing whose highest round is more than three times its lowest is left out, and the caption counts it', async (t) => {
  const records = await retimed((_, seed) => (seed === 2 ? { speedupMin: 1, speedupMax: 3.01 } : {}));
  const { files, tables } = await rendered(about('speed'), records);
  const rows = rowsOf(files.get(join('results', 'tiny', 'table-cpu.csv'))!);
  const row = rows.find((each) => each.series === 'global' && each.requested_sparsity_percent === '90')!;
  t.like(row, { measured_speedup_batch_128: '2.5', measured_speedup_batch_128_high: '3.75', withheld_timings: '1' });
  t.regex(tables[0]!.markdown, /\b1 of 24 timings are withheld: the highest of their range is more than 3 times/);
  t.regex(files.get(join('results', 'tiny', 'speed-cpu.svg'))!, /1 of 24 timings are withheld/);
});

test('a cell of which no timing is left is withheld in table, CSV, plot and sentences; three times alone is none', async (t) => {
  const records = await retimed(() => ({ speedupMin: 1, speedupMax: 10 }));
  const { files, tables } = await rendered(about('speed'), records);
  const rows = rowsOf(files.get(join('results', 'tiny', 'table-cpu.csv'))!);
  const row = rows.find((each) => each.series === 'global' && each.requested_sparsity_percent === '90')!;
  t.like(row, { measured_speedup_batch_128: '', measured_speedup_batch_128_low: '', withheld_timings: '3' });
  t.is(row.measured_speedup_batch_1, '1.5');
  const { markdown } = tables[0]!;
  t.regex(lineOf(markdown, '| global'), /\| +withheld \|/);
  t.regex(lineOf(markdown, '- global, batch 128'), /faster than dense from 98 % on/);
  t.is(await pointsDrawn(records), 3 * 4 + 2 - 2);
  const edge = await rendered(about('speed'), await retimed(() => ({ speedupMin: 1, speedupMax: 3 })));
  t.notRegex(edge.tables[0]!.markdown, /withheld/);
});

test('nothing is said about a batch size where the timings with nothing pruned are withheld', async (t) => {
  const records = await timedRecords();
  const [timed] = records.filter(({ speed }) => speed !== undefined);
  const control = records.filter(({ series, spec }) => series === 'random' && spec.sparsity === 0.9);
  const unpruned = control.map((record): TrialRecord => {
    const batches = timed!.speed!.batches.map((batch) =>
      batch.batchSize === 1 ? batch : { ...batch, speedup: 4, speedupMin: 1, speedupMax: 9 },
    );
    return { ...record, spec: { ...record.spec, sparsity: 0 }, speed: { ...timed!.speed!, batches } };
  });
  const benchmark = {
    ...about('speed'),
    trials: () => [...tiny.trials('cpu'), { ...tiny.trials('cpu')[2]!, sparsity: 0 }],
  };
  const { markdown } = (await rendered(benchmark, [...records, ...unpruned])).tables[0]!;
  t.deepEqual(
    markdown.split('\n').filter((line) => /^- .*atch 128/.test(line)),
    ['- Batch 128: the timings with nothing pruned are withheld, so nothing is said about it.'],
  );
});

test('where all records hold quartiles, these are the range: one disturbed round withholds nothing', async (t) => {
  const records = (await timedRecords()).map((record): TrialRecord => {
    if (!record.speed) return record;
    const batches = record.speed.batches.map((timing) => ({
      ...timing,
      speedupMin: timing.speedup / 100,
      speedupQ1: timing.speedup * 0.9,
      speedupQ3: timing.speedup * 1.1,
    }));
    return { ...record, speed: { ...record.speed, batches } };
  });
  const { files, tables } = await rendered(about('speed'), records);
  const rows = rowsOf(files.get(join('results', 'tiny', 'table-cpu.csv'))!);
  const row = rows.find((each) => each.series === 'global' && each.requested_sparsity_percent === '90')!;
  t.like(row, {
    measured_speedup_batch_128: '3',
    measured_speedup_batch_128_low: '1.8',
    measured_speedup_batch_128_high: '4.4',
    timing_range: 'quartiles',
  });
  t.regex(tables[0]!.markdown, /in brackets the lowest first and the highest third quartile of any\./);
  t.notRegex(tables[0]!.markdown, /withheld/);
});

test('networks that ran fastest on the dense kernels have no range, and say nothing about that of others', async (t) => {
  const records = await retimed(() => ({ kind: 'dense', speedup: 1, speedupMin: 0.2, speedupMax: 5 }));
  const { files, tables } = await rendered(about('speed'), records);
  const rows = rowsOf(files.get(join('results', 'tiny', 'table-cpu.csv'))!);
  const row = rows.find((each) => each.series === 'global' && each.requested_sparsity_percent === '90')!;
  t.like(row, { measured_speedup_batch_128: '1', measured_speedup_batch_128_low: '1' });
  t.false('timing_range' in row);
  t.regex(tables[0]!.markdown, /in brackets the slowest and the fastest round of any\./);
});

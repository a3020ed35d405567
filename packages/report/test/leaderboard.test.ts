import test from 'ava';
import { parse } from 'csv-parse/sync';
import { type ReportSource, renderLeaderboard } from '../src/index.ts';
import { keyOf, storedRecords, workplace } from './tiny-benchmark.ts';

type Row = Record<string, string>;
type Records = Awaited<ReturnType<typeof storedRecords>>;

const rowsOf = (text: string): Row[] => parse(text, { columns: true });

async function boards(
  change: (records: Records) => Records = (records) => records,
  more: (source: ReportSource) => ReportSource = (source) => source,
) {
  const { source } = await workplace();
  const files = renderLeaderboard([more(source)], change(await storedRecords()), keyOf);
  return {
    rows: rowsOf(files.get('leaderboard.csv')!),
    published: rowsOf(files.get('leaderboard-published.csv')!),
    files,
  };
}

const cells = (rows: readonly Row[]) => rows.filter(({ kind }) => kind === 'pruned');

test('series that cannot be told apart share a rank, failed ones come last without one', async (t) => {
  const { rows } = await boards();
  t.deepEqual(
    cells(rows).map(({ target_sparsity_percent: at, rank, ranked_series: of, series }) => [at, rank, of, series]),
    [
      ['90', '1', '2', 'global'],
      ['90', '2', '2', 'uniform'],
      ['90', '', '', 'random'],
      ['98', '1', '3', 'global'],
      ['98', '1', '3', 'uniform'],
      ['98', '3', '3', 'random'],
    ],
  );
  const failed = cells(rows)[2]!;
  t.like(failed, { declared_seeds: '3', finished_seeds: '2', failed_seeds: '1', ranked_by: '' });
});

test('within a budget only series of as many examples are ranked against one another', async (t) => {
  const { rows } = await boards((records) =>
    records.map((record) =>
      record.series === 'uniform' && record.measured
        ? { ...record, measured: { ...record.measured, trainedExamples: record.measured.trainedExamples + 1 } }
        : record,
    ),
  );
  t.deepEqual(
    cells(rows)
      .filter(({ target_sparsity_percent: at }) => at === '98')
      .map((row) => [row.series, row.rank, row.rank_in_budget, row.ranked_series_in_budget]),
    [
      ['global', '1', '1', '2'],
      // Alone in its budget, it can be compared with nothing.
      ['uniform', '1', '', ''],
      ['random', '3', '2', '2'],
    ],
  );
});

test('the dense network has a row, and each cell the accuracy of the dense networks that it started from', async (t) => {
  const records = await storedRecords();
  const { rows } = await boards();
  const dense = rows.filter(({ kind }) => kind === 'dense');
  t.is(dense.length, 1);
  const bySeed = new Map(
    records.flatMap(({ spec, measured }) => (measured?.dense ? [[spec.seed, measured.dense.test.accuracy]] : [])),
  );
  const mean = [...bySeed.values()].reduce((sum, value) => sum + value, 0) / bySeed.size;
  t.like(dense[0]!, {
    target: 'sparsity',
    target_sparsity_percent: '0',
    series: 'dense',
    pretrain_epochs: '2',
    retrain_epochs: '0',
    rank: '',
  });
  t.is(Number(dense[0]!.test_accuracy_mean_percent).toFixed(3), mean.toFixed(3));
  t.is(Number(cells(rows)[0]!.dense_test_accuracy_mean_percent).toFixed(3), mean.toFixed(3));
});

test('the dense accuracy of the same budget is that of the unpruned row with as many examples, and of no other', async (t) => {
  const unpruned = (extra: number) => (records: Records) => [
    ...records,
    ...records
      .filter(({ series, spec }) => series === 'global' && spec.sparsity === 0.9)
      .map((record) => ({
        ...record,
        key: `unpruned-${record.spec.seed}`,
        series: 'dense, same budget',
        spec: { ...record.spec, sparsity: 0 },
        measured: record.measured && {
          ...record.measured,
          trainedExamples: record.measured.trainedExamples + extra,
          final: { ...record.measured.final!, test: { accuracy: 77.25, loss: 1 } },
        },
      })),
  ];
  const withRow = (source: ReportSource): ReportSource => ({
    ...source,
    benchmark: {
      ...source.benchmark,
      trials: () => {
        const trials = source.benchmark.trials('cpu');
        return [...trials, { ...trials[0]!, series: 'dense, same budget', sparsity: 0, control: true }];
      },
    },
  });
  const column = async (extra: number) => {
    const { source } = await workplace();
    const text = renderLeaderboard([withRow(source)], unpruned(extra)(await storedRecords())).get('leaderboard.csv')!;
    const rows = rowsOf(text);
    t.is(rows.find(({ series }) => series === 'dense, same budget')!.kind, 'dense');
    return cells(rows).map((row) => row.dense_same_budget_test_accuracy_mean_percent);
  };
  t.deepEqual([...new Set(await column(0))], ['77.25']);
  t.deepEqual([...new Set(await column(5))], ['']);
});

test('where nothing was trained after pruning, the dense network before it has the same budget', async (t) => {
  const { rows } = await boards(
    (records) =>
      records.map((record) => ({
        ...record,
        spec: { ...record.spec, retrain: null },
        measured: record.measured && { ...record.measured, final: record.measured.pruned },
      })),
    (source) => ({
      ...source,
      benchmark: {
        ...source.benchmark,
        trials: () => source.benchmark.trials('cpu').map((trial) => ({ ...trial, retrain: null })),
      },
    }),
  );
  const [first] = cells(rows);
  t.not(first!.dense_test_accuracy_mean_percent, '');
  t.is(first!.dense_same_budget_test_accuracy_mean_percent, first!.dense_test_accuracy_mean_percent);
  t.is(rows[0]!.trained_examples, first!.trained_examples);
});

test('a table that lacks records has its rows, its state and no ranks', async (t) => {
  const { rows } = await boards((records) =>
    records.filter(({ key }) => key !== 'random-0.98-2' && key !== 'global-0.9-0'),
  );
  t.true(rows.length > 0);
  t.deepEqual([...new Set(rows.map((row) => `${row.table_state} ${row.missing_trials} ${row.rank}`))], ['partial 2 ']);
  const pending = await boards(
    (records) => records.filter(({ key }) => key !== 'random-0.98-2'),
    (source) => ({ ...source, benchmark: { ...source.benchmark, pending: { cpu: ['random'] } } }),
  );
  t.like(pending.rows[1]!, { table_state: 'pending', missing_trials: '1', rank: '1' });
});

test('a row says where and when it was measured: the day of the last record, every host and backend', async (t) => {
  const { rows } = await boards((records) =>
    records.map((record) =>
      record.key === 'global-0.9-1'
        ? {
            ...record,
            run: {
              ...record.run,
              backend: 'cuda',
              finishedAt: '2031-02-03T23:30:00.000-02:00',
              host: { cpu: 'Other', cores: 4, platform: 'linux arm64' },
            },
          }
        : record,
    ),
  );
  const row = cells(rows)[0]!;
  t.is(row.measured_on, '2031-02-04');
  t.regex(row.hosts!, /^.*; Other, 4 cores, linux arm64$|^Other, 4 cores, linux arm64; .*$/);
  t.is(row.backends!.split('; ').length, 2);
  t.is(row.commits, '1111111');
});

test('both files have the same columns whatever the folder holds, also nothing', async (t) => {
  const heads = (files: ReadonlyMap<string, string>) => [...files.values()].map((text) => text.split('\n')[0]!);
  const { files } = await boards();
  t.deepEqual(heads(renderLeaderboard([], [])), heads(files));
});

test('published values are in a file of their own and join by the cell; a doubtful one is in neither', async (t) => {
  const { rows, published } = await boards();
  const at = new Map(rows.map((row) => [row.cell, row.series]));
  t.is(at.size, rows.length, 'a cell is one row at one scale');
  t.deepEqual(
    published.map((row) => [
      row.series,
      row.published_test_accuracy_percent,
      row.published_confidence,
      at.get(row.cell!),
    ]),
    [
      ['global', '97.95', 'verified', 'global'],
      ['dense', '98.45', 'verified', 'dense'],
      ['uniform', '96.9', 'recalled', 'uniform'],
      // No sparsity is printed for it, so it stands at no point.
      ['uniform', '', 'verified', undefined],
    ],
  );
  t.like(published[2]!, { paper: 'Dirac & Euler', year: '2016', where_in_paper: 'Table 2', published_at: '50x' });
  const before = Object.keys(rows[0]!).slice(0, 10);
  t.deepEqual(Object.keys(published[0]!).slice(0, 10), before);
});

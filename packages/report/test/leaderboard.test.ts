import test from 'ava';
import { parse } from 'csv-parse/sync';
import { renderLeaderboard } from '../src/index.ts';
import { keyOf, storedRecords, workplace } from './tiny-benchmark.ts';

type Row = Record<string, string>;

const leaderboard = async (keep: (key: string) => boolean = () => true): Promise<Row[]> => {
  const { source } = await workplace();
  const records = (await storedRecords()).filter(({ key }) => keep(key));
  return parse(renderLeaderboard([source], records, keyOf), { columns: true });
};

test('series that cannot be told apart share a rank, failed ones come last without one', async (t) => {
  const rows = await leaderboard();
  t.deepEqual(
    rows.map(({ sparsity_percent: at, rank, series }) => [at, rank, series]),
    [
      ['90', '1', 'global'],
      ['90', '2', 'uniform'],
      ['90', '', 'random'],
      ['98', '1', 'global'],
      ['98', '1', 'uniform'],
      ['98', '3', 'random'],
    ],
  );
  t.is(rows[2]!.failed_seeds, '1');
  t.is(rows[2]!.seeds, '2');
});

test('published values stand where the sparsity is the same, as numbers alone with their confidence beside them', async (t) => {
  const rows = await leaderboard();
  t.deepEqual(
    rows.map((row) => row.published_test_accuracy_percent),
    ['97.95', '', '', '', '96.9', ''],
  );
  t.is(rows[0]!.published_confidence, 'verified');
  t.is(rows[4]!.published_confidence, 'recalled');
  t.is(rows[0]!.published_epoch, 'last');
  t.is(rows[0]!.published_in, 'Ada et al. 2015, Table 1 (magnitude)');
  t.is(rows[0]!.commits, '1111111');
});

test('a network whose trials are not all there is not ranked', async (t) => {
  t.deepEqual(await leaderboard((key) => key !== 'random-0.98-2'), []);
});

test('several published values of one cell have columns of their own', async (t) => {
  const { source } = await workplace();
  const [row] = source.published;
  const published = [
    ...source.published,
    { ...row!, table_id: 'P3', paper: 'Fermi et al.', metric: 'best-epoch test accuracy %', value: '98.5' },
  ];
  const references = [...source.benchmark.published, { network: 'mlp', series: 'global', where: { table_id: 'P3' } }];
  const twice = { ...source, published, benchmark: { ...source.benchmark, published: references } };
  const rows: Row[] = parse(renderLeaderboard([twice], await storedRecords(), keyOf), { columns: true });
  t.like(rows[0], {
    published_test_accuracy_percent: '97.95',
    published_epoch: 'last',
    published_test_accuracy_percent_2: '98.5',
    published_epoch_2: 'best',
    published_in_2: 'Fermi et al. 2015, Table 1 (magnitude)',
  });
  t.is(rows[1]!.published_test_accuracy_percent_2, '');
});

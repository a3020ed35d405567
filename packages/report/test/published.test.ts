import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { loadPublished } from '../src/index.ts';
import { belongsTo, parseSparsity, publishedValues, shortPaper } from '../src/published.ts';
import { tiny, workplace } from './tiny-benchmark.ts';

test('sparsities in the forms papers print', (t) => {
  const sparsity = (text: string) => parseSparsity(text)?.toFixed(6);
  t.is(sparsity('91.7'), '0.917000');
  t.is(sparsity('12x'), '0.916667');
  t.is(sparsity('10^2 = 100x'), '0.990000');
  t.is(sparsity('10^0.5'), (1 - 1 / Math.sqrt(10)).toFixed(6));
  t.is(sparsity('Pm=21% left'), '0.790000');
  t.is(sparsity('87.0 (arch 408-100-69)'), '0.870000');
  t.is(sparsity('0'), '0.000000');
  t.is(sparsity('2.55x speed-up'), undefined);
  t.is(sparsity('41.5% FLOPs removed'), undefined);
  t.is(sparsity('100'), undefined);
  t.is(sparsity(''), undefined);
});

test('papers by their authors', (t) => {
  t.is(shortPaper({ paper: 'han2015learning', year: 2015 }), 'Han et al. 2015');
  t.is(shortPaper({ paper: 'singh2020woodfisher', year: 2020 }), 'Singh & Alistarh 2020');
  t.is(shortPaper({ paper: 'hagiwara1994removal', year: 1994 }), 'Hagiwara 1994');
  // Not in the bibliography: as it is written.
  t.is(shortPaper({ paper: 'Evci et al.', year: 2020 }), 'Evci et al. 2020');
});

test('doubtful values are never shown, recalled ones are marked', async (t) => {
  const { source } = await workplace();
  const values = publishedValues(tiny, source.published);
  t.false(values.some(({ row }) => row.method === 'doubted'));
  t.deepEqual(
    values.filter(({ recalled }) => recalled).map(({ error }) => error!.toFixed(6)),
    ['3.100000'],
  );
});

test('a reference that matches no row, or no series, is an error', async (t) => {
  const { source } = await workplace();
  const withReference = (series: string, where: Record<string, string>) => ({
    ...tiny,
    published: [{ network: 'mlp', series, where }],
  });
  for (const [benchmark, message] of [
    [withReference('global', { table_id: 'P9' }), /no row/],
    [withReference('gone', { table_id: 'P1' }), /gone/],
    [withReference('global', { tabel: 'P1' }), /no column tabel/],
  ] as const) {
    const error = t.throws(() => publishedValues(benchmark, source.published), { instanceOf: PrunebenchError });
    t.regex(error.message, message);
  }
});

test('a value from another data set stands beside ours only where the reference says so, and names the other one', async (t) => {
  const { source } = await workplace();
  const reference = { network: 'mlp', series: 'global', where: { table_id: 'P1', method: 'magnitude' } };
  const value = (dataset?: string) =>
    publishedValues({ ...tiny, published: [{ ...reference, ...(dataset && { dataset }) }] }, source.published)[0]!;
  const ours = { dataset: 'cifar10', network: 'mlp' };
  t.false(belongsTo(value(), ours));
  t.true(belongsTo(value('cifar10'), ours));
  t.true(belongsTo(value('mnist'), { ...ours, dataset: 'mnist' }));
  t.is(value('cifar10').label, 'Ada et al. 2015, Table 1 on MNIST (magnitude)');
  t.is(value('mnist').label, value().label);
});

const HEADER =
  'table_id,paper,year,where_in_paper,dataset,network,method,sparsity_percent_or_compression,metric,value,plus_minus,notes,confidence,source';
const ROW = 'P1,A,2015,,MNIST,MLP,m,90,test error %,2,,,verified,x';

const faulty: readonly (readonly [what: string, text: string, says: RegExp, remedy: RegExp])[] = [
  [
    'a wrong word',
    `${HEADER}\n${ROW.replace('verified', 'certain')}\n`,
    /csv, line 2, column confidence: .*found "certain"\.$/,
    /^confidence is `verified`: read/,
  ],
  [
    'no number',
    `${HEADER}\n${ROW}\n${ROW.replace(',2,', ',2*,')}\n`,
    /csv, line 3, column value: expected a number alone.*found "2\*"/,
    /docs\/reference\/published\.md/,
  ],
  [
    'no year',
    `${HEADER}\n${ROW.replace('2015', '')}\n`,
    /csv, line 2, column year: expected a whole number, found ""/,
    /./,
  ],
  [
    'a fault behind empty lines and a field of two',
    `${HEADER}\n${ROW.replace(',,,v', ',,"two\nlines",v')}\n\n${ROW.replace('P1', '')}`,
    /csv, line 5, column table_id: must not be empty/,
    /./,
  ],
  ['a comma too many', `${HEADER}\n${ROW},\n`, /csv: .*got 15 on line 2\.$/, /Quote every field/],
  ['an open quote', `${HEADER}\n"${ROW}\n`, /csv: .* line 2/, /Quote every field/],
  [
    'a misspelt column',
    `${HEADER.replace('metric', 'metrik')}\n`,
    /csv, line 1: there is no column "metrik"\.$/,
    /Did you mean "metric"\?/,
  ],
  [
    'a column too few',
    `${HEADER.replace(',notes', '')}\n`,
    /csv, line 1: column notes missing\.$/,
    /The columns are table_id, paper, year/,
  ],
  ['a column twice', `${HEADER},notes\n`, /csv, line 1: column notes stands twice\.$/, /./],
  ['nothing in it', '', /csv is empty\.$/, /first line is table_id,paper/],
];

for (const [what, text, says, remedy] of faulty)
  test(`a published.csv with ${what} is named with line and column, and what to do`, async (t) => {
    const { resultsDir } = await workplace();
    const file = join(resultsDir, 'published.csv');
    await writeFile(file, text);
    const error = await t.throwsAsync(loadPublished(file), { instanceOf: PrunebenchError });
    t.true(error.message.startsWith(file), error.message);
    t.regex(error.message, says);
    t.regex(error.remedy ?? '', remedy);
  });

test('a published.csv of a spreadsheet is read: byte order mark, line ends of Windows, columns in any order', async (t) => {
  const { resultsDir } = await workplace();
  const file = join(resultsDir, 'published.csv');
  const lines = [HEADER, ROW].map((line) => line.split(',').toReversed().join(','));
  await writeFile(file, `\uFEFF${lines.join('\r\n')}\r\n`);
  const [row] = await loadPublished(file);
  t.like(row, { table_id: 'P1', year: 2015, value: '2', source: 'x' });
});

test('one that is not there is named', async (t) => {
  const { resultsDir } = await workplace();
  await t.throwsAsync(loadPublished(join(resultsDir, 'none.csv')), {
    instanceOf: PrunebenchError,
    message: /none\.csv/,
  });
});

test('the error for a reference without a row says which column is to blame', async (t) => {
  const { source } = await workplace();
  const published = [{ network: 'mlp', series: 'global', where: { table_id: 'P1', method: 'magnitud' } }];
  const error = t.throws(() => publishedValues({ ...tiny, published }, source.published, '/x/published.csv'), {
    instanceOf: PrunebenchError,
  });
  t.regex(error.message, /^Benchmark tiny: no row of \/x\/published\.csv matches /);
  t.regex(error.remedy ?? '', /^With another method there are rows: "magnitude"/);
});

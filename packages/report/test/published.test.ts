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

test('a wrong published.csv is named with row and column', async (t) => {
  const { resultsDir } = await workplace();
  const file = join(resultsDir, 'published.csv');
  const header =
    'table_id,paper,year,where_in_paper,dataset,network,method,sparsity_percent_or_compression,metric,value,plus_minus,notes,confidence,source';
  await writeFile(file, `${header}\nP1,A,2015,,MNIST,MLP,m,90,test error %,2,,,certain,x\n`);
  const error = await t.throwsAsync(loadPublished(file), { instanceOf: PrunebenchError });
  t.regex(error.message, /row 2, column confidence/);
  await t.throwsAsync(loadPublished(join(resultsDir, 'none.csv')), {
    instanceOf: PrunebenchError,
    message: /none\.csv/,
  });
});

/** What a further kind of table takes: these are defined here, and nothing else knows them. */
import { join } from 'node:path';
import type { Measured } from '@prunebench/core';
import test from 'ava';
import { cell, renderReport, summarise, type TableKind, tableKinds } from '../src/index.ts';
import { storedRecords, tiny, workplace } from './tiny-benchmark.ts';

const accuracy = tableKinds.find(({ id }) => id === 'accuracy')!;

const weightsLeft = ({ layers }: Measured) => layers.map(({ remaining }) => remaining).join('-');

/** Which architectures the seeds of a cell ended with, a column for each point. */
const architecture: TableKind = {
  ...accuracy,
  id: 'architecture',
  fits: () => true,
  title: () => 'weights left, layer by layer',
  table: ({ network: { series, points, cells } }) => ({
    columns: ['', ...points.map(String)],
    rows: series.map(({ name }) => [
      cell(name),
      ...points.map((at) => {
        const { trials } = cells.find((each) => each.series === name && each.at === at)!;
        return [...new Set(trials.map(({ measured }) => weightsLeft(measured)))].map((text) => ({ text }));
      }),
    ]),
  }),
  elsewhere: () => [],
  note: () => 'Layers from input to output.',
  figures: [
    {
      id: 'architecture',
      caption: 'Weights left of the first layer',
      draw: (summary) => [
        {
          spec: {
            data: { values: summary.networks.flatMap(({ cells }) => cells.map(({ at }) => ({ at }))) },
            mark: 'point',
            encoding: { x: { field: 'at', type: 'quantitative' } },
          },
        },
      ],
    },
  ],
};

/** A metric with a name and a unit of its own, of which less is better. */
const multiplyAdds: TableKind = {
  ...accuracy,
  id: 'multiply-adds',
  fits: () => true,
  compared: {
    difference: 'multiply_adds_difference',
    unit: 'kilo',
    better: 'lower',
    of: ({ measured }) => measured.multiplyAdds.remaining / 1000,
    over: ({ remainingParameters }) => remainingParameters,
    largestDifference: () => Number.POSITIVE_INFINITY,
  },
};

async function renderedAs(...kinds: readonly TableKind[]) {
  const { source, resultsDir } = await workplace();
  return renderReport(source, { resultsDir, records: await storedRecords(), kinds });
}

test('a kind of table is one module: its cells come out in every form, its figure as a file with its caption', async (t) => {
  const { files, readmeBlock, tables } = await renderedAs(architecture);
  const { markdown } = tables[0]!;
  t.regex(markdown, /weights left, layer by layer\*\* \(scale `cpu`\)/);
  t.regex(markdown, /^\| global +\| 60-40 \| 4-16 \|$/m);
  t.regex(markdown, /Layers from input to output\./);
  t.true([...files.keys()].some((file) => file.endsWith(join('tiny', 'architecture-cpu.svg'))));
  t.false([...files.keys()].some((file) => file.endsWith('accuracy-cpu.svg')));
  t.regex(readmeBlock!, /!\[Weights left of the first layer, scale cpu\]\(.*architecture-cpu\.svg\)/);
});

test('a kind of table names what its series are compared by, with its unit, and which way is better', async (t) => {
  const { files } = await renderedAs(multiplyAdds);
  const [comparisons] = [...files].filter(([file]) => file.includes('comparisons')).map(([, text]) => text);
  t.regex(comparisons, /pairs,multiply_adds_difference_mean_kilo,multiply_adds_difference_low_kilo/);
});

test('of several kinds that fit the first is taken, and a network that none fits is an error that says so', async (t) => {
  const [network] = summarise(await storedRecords(), tiny.trials('cpu')).networks;
  t.true(tableKinds.filter(({ fits }) => fits(network!)).length >= 1);
  await t.throwsAsync(renderedAs(), { message: /No kind of table fits mlp on mnist/ });
});

/** The picture of one trial, read back from what was drawn: paths and texts, not the specification. */
import type { EpochLog, TrialRecord } from '@prunebench/core';
import test from 'ava';
import { renderSvg, trialPlot } from '../src/index.ts';
import { storedRecords } from './tiny-benchmark.ts';

const finished = async (): Promise<TrialRecord> => (await storedRecords()).find(({ measured }) => measured !== null)!;

const log = (epochs: number): EpochLog[] =>
  Array.from({ length: epochs }, (_, index) => ({
    epoch: index + 1,
    trainLoss: 1 / (index + 1),
    validation: { accuracy: 100 - 50 / (index + 1), loss: 2 / (index + 1) },
    learningRate: 0.1,
  }));

test('a trial has its curve, the places where weights were removed, and its layers', async (t) => {
  const record = await finished();
  const svg = await renderSvg(trialPlot(record, { points: log(10), prunedAt: [4, 7] })!);
  const dashed = [...svg.matchAll(/<path[^>]*stroke-dasharray="4,3"[^>]* d="([^"]*)"/g)].map(([, path]) => path!);
  t.deepEqual(
    dashed.map((path) => path.match(/m/gi)?.length),
    [2, 2],
    'two rules in each of two panels',
  );
  for (const { name, weights, remaining } of record.measured!.layers) {
    t.true(svg.includes(`>${name}<`));
    t.regex(svg, new RegExp(`: ${remaining} of ${weights}<`));
  }
  t.true(svg.includes('weights were removed 2 times (dashed)'));
  t.regex(svg, />validation accuracy, %</);
  t.regex(svg, />loss</);
});

test('without a curve the layers are drawn alone; without numbers nothing is', async (t) => {
  const record = await finished();
  const svg = await renderSvg(trialPlot(record, null)!);
  t.notRegex(svg, />loss</);
  t.true(svg.includes(record.measured!.layers[0]!.name));
  t.is(trialPlot({ ...record, measured: null, failure: 'layer collapse' }, null), null);
});

test('a picture stays below 60 KB: a hundred layers, ten thousand epochs, a thousand rounds', async (t) => {
  const record = await finished();
  const layers = Array.from({ length: 110 }, (_, index) => ({
    name: `block${index}/conv/kernel`,
    weights: 36_864 + index,
    remaining: 1_000 + 37 * index,
  }));
  const large = { ...record, measured: { ...record.measured!, layers } };
  const prunedAt = Array.from({ length: 1000 }, (_, index) => 10 * index);
  const svg = await renderSvg(trialPlot(large, { points: log(10_000), prunedAt })!);
  t.true(svg.length < 60_000, `${svg.length} bytes`);
  t.true(svg.includes('removed 1000 times'));
});

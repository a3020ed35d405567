import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { filterTrials, parseFilter } from '../src/plan/filter.ts';
import { declareTrials } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';

const training = { epochs: 1, learningRate: 0.1 };
const cell = { dataset: 'mnist', network: 'lenet-300-100', method: 'magnitude', pretrain: training, retrain: training };
const trials = declareTrials(
  [
    { ...cell, sparsity: 0.5, series: 'global, one-shot' },
    { ...cell, sparsity: 0.9, series: 'global, one-shot' },
    { ...cell, sparsity: 0.9, series: 'layer-wise', options: { scope: 'layerwise' } },
    { ...cell, sparsity: 0.9, series: 'random', method: 'random', control: true },
  ],
  2,
  await loadRegistry(),
);
const count = (...filters: string[]) => filterTrials(trials, filters.map(parseFilter)).length;

test('filters on one key are alternatives, on different keys conditions', (t) => {
  t.is(count(), 8);
  t.is(count('sparsity=0.9'), 6);
  t.is(count('sparsity=0.9', 'sparsity=0.5'), 8);
  t.is(count('sparsity=0.9', 'seed=1'), 3);
  t.is(count('series=global, one-shot', 'sparsity=0.5'), 2);
  t.is(count('control=true'), 2);
  t.is(count('options.scope=layerwise'), 2);
  t.throws(() => count('lambda=0.1'), { instanceOf: PrunebenchError, message: /No trial has lambda "0.1"/ });
});

const wrong: Readonly<Record<string, RegExp>> = {
  sparsity: /key=value/,
  '=0.5': /key=value/,
  'sparsty=0.5': /Unknown filter field "sparsty"/,
  'sparsity=0.7': /No trial has sparsity "0.7"/,
  'options.scop=global': /No trial has options.scop/,
};
for (const [filter, message] of Object.entries(wrong))
  test(`--filter ${filter} is refused`, (t) => {
    t.throws(() => count(filter), { instanceOf: PrunebenchError, message });
  });

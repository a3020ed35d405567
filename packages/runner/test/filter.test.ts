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

test('a number may be written in other digits, and values between commas are alternatives', (t) => {
  t.is(count('sparsity=0.900'), 6);
  t.is(count('sparsity=.5'), 2);
  t.is(count('sparsity=0.5,0.9'), 8);
  t.is(count('seed=01, 0'), 8);
  t.is(count('series=random, layer-wise'), 4);
});

test('a value with commas of its own may stand in a list', (t) => {
  t.is(count('series=random,global, one-shot'), 6);
  t.is(count('series=global, one-shot,layer-wise'), 6);
});

test('what a list leaves over is refused, and the values that occur are quoted where they have commas', (t) => {
  const { message, remedy } = t.throws<PrunebenchError>(() => count('series=global,layer-wise'))!;
  t.is(message, 'No trial has series "global,layer-wise".');
  t.regex(remedy ?? '', /Values that occur: "global, one-shot", "layer-wise", "random"\.$/);
  t.throws(() => count('sparsity=0.5,'), { message: 'No trial has sparsity "0.5,".' });
  t.throws(() => count('sparsity=0.9', 'sparsity=0.7'), { message: 'No trial has sparsity "0.7".' });
});

test('a percentage is answered with the share', (t) => {
  const { remedy } = t.throws<PrunebenchError>(() => count('sparsity=95'))!;
  t.is(remedy, 'It is a share: for 95 % write 0.95. Values that occur: 0.5, 0.9.');
});

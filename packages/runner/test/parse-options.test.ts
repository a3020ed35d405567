import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { z } from 'zod';
import { parseOptions } from '../src/options/parse-options.ts';
import { declareTrials, planStages } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';

const registry = await loadRegistry();
const { methods } = registry;

test('a schedule that is named instead of written out is answered with the right forms', (t) => {
  const schema = methods.get('magnitude')!.options;
  const { message, remedy } = t.throws<PrunebenchError>(() =>
    parseOptions(schema, { schedule: 'iterative' }, 'Options'),
  )!;
  t.regex(message, /^Options: "schedule": /);
  t.is(
    remedy,
    'Write "schedule" as an object: {"kind":"one-shot"} or {"kind":"iterative","rate":0.5} or {"kind":"cubic","rounds":10} or {"kind":"exponential","rounds":100}.',
  );
  // The forms that it names are right.
  for (const [form] of remedy!.matchAll(/\{.*?\}/g))
    t.notThrows(() => parseOptions(schema, { schedule: JSON.parse(form) }, 'Options'));
});

test('where a plain object is wanted the message is enough', (t) => {
  const schema = z.strictObject({ inner: z.strictObject({ a: z.number() }) });
  const error = t.throws<PrunebenchError>(() => parseOptions(schema, { inner: 'a' }, 'Options'))!;
  t.is(error.remedy, '');
});

test('sparse variational dropout without any training says what it lacks', (t) => {
  const declared = { dataset: 'mnist', network: 'lenet-300-100', method: 'sparse-variational-dropout', series: 'x' };
  const plan = (retrain: { epochs: number; learningRate: number } | null) =>
    planStages(declareTrials([{ ...declared, at: { lambda: 1 }, pretrain: null, retrain }], 1, registry), registry, {
      backend: 'cpu',
      network: ({ spec }) => registry.network(spec.network).build({ inputShape: [28, 28, 1], classes: 10 }),
      datasetChecksum: () => 'c0ffee',
    });
  t.is(plan({ epochs: 1, learningRate: 0.001 }).trials.length, 1);
  const error = t.throws(() => plan(null), { instanceOf: PrunebenchError });
  t.is(error.message, 'Method sparse-variational-dropout trains, and its trial has neither pretrain nor retrain.');
  t.regex(String(error.remedy), /retrain: \{ epochs/);
});

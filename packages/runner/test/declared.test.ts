/** Names that are no strings, where a plugin in JavaScript may write them: clear errors that say where. */
import { fileURLToPath } from 'node:url';
import { type Method, PrunebenchError, type TrialDeclaration } from '@prunebench/core';
import test from 'ava';
import { declaredSteps } from '../src/plan/declared.ts';
import { declareTrials } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';

const registry = await loadRegistry([fileURLToPath(new URL('fixtures/tiny.ts', import.meta.url))]);
const sound = {
  ...{ dataset: 'blobs', network: 'tiny-mlp', method: 'magnitude', series: 'x' },
  ...{ sparsity: 0.5, pretrain: null, retrain: null },
};
const noNames: readonly unknown[] = [
  3,
  null,
  undefined,
  {},
  ['magnitude'],
  Symbol('x'),
  10n,
  '',
  () => 'x',
  Number.NaN,
];

for (const field of ['dataset', 'network', 'method', 'series'])
  test(`a trial whose ${field} is no name is named by its place`, (t) => {
    t.is(declareTrials([sound], 1, registry).length, 1);
    for (const value of noNames) {
      const declared = [sound, { ...sound, series: 'y', [field]: value }] as readonly TrialDeclaration[];
      const error = t.throws(() => declareTrials(declared, 1, registry), { instanceOf: PrunebenchError });
      t.regex(error.message, new RegExp(`^The benchmark's trials: "1\\.${field}": `), String(value));
    }
  });

test('trials that are no list of trials are refused', (t) => {
  for (const declared of [undefined, null, {}, 'magnitude', [null], [3]])
    t.throws(() => declareTrials(declared as unknown as readonly TrialDeclaration[], 1, registry), {
      instanceOf: PrunebenchError,
      message: /^The benchmark's trials: /,
    });
});

test('steps that are no list of steps are refused with the name of their method', (t) => {
  const [{ spec }] = declareTrials([sound], 1, registry);
  const withSteps = (steps: unknown) => ({
    ...registry,
    methods: new Map([['magnitude', { ...registry.methods.get('magnitude')!, steps: () => steps } as Method]]),
  });
  const network = registry.network('tiny-mlp').build({ inputShape: [16], classes: 4 });
  for (const kind of noNames)
    t.throws(() => declaredSteps(spec, network, withSteps([{ kind, options: {} }])), {
      instanceOf: PrunebenchError,
      message: /^Method magnitude, steps: "0\.kind": /,
    });
  for (const steps of [undefined, {}, [null], [{ kind: 'train' }], [{ kind: 'train', options: 3 }]])
    t.throws(() => declaredSteps(spec, network, withSteps(steps)), {
      instanceOf: PrunebenchError,
      message: /^Method magnitude, steps: /,
    });
});

/** A network that brings its parameters: they are its first state, and part of every identity. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { defineNetwork, type Network, PrunebenchError, type State } from '@prunebench/core';
import { dense, sequential } from '@prunebench/core/layers';
import { toyDataset } from '@prunebench/testing/toy-dataset';
import test from 'ava';
import { TrialCodes } from '../src/code/trial-code.ts';
import { declareTrials, planStages, type Stage } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';
import { takeStep } from '../src/worker/run-stage.ts';
import { sandbox, TINY } from './fixtures/cli.ts';

const plugin = (checksum: string) => `
import { defineNetwork } from '@prunebench/core';
import { dense, sequential } from '@prunebench/core/layers';
export default { networks: [{
  id: 'trained', title: 'Trained', initializer: 'he-normal',
  build: ({ inputShape, classes }) => defineNetwork({ name: 'trained', inputShape, layers: sequential([dense('fc', classes)]) }),
  pretrained: { checksum: '${checksum}', load: async () => ({}) },
}] };`;
const training = { epochs: 1, batchSize: 32, learningRate: 0.05 };
const declared = {
  ...{ dataset: 'blobs', network: 'trained', method: 'magnitude', series: 'x', sparsity: 0.5 },
  ...{ pretrain: null, retrain: training },
};

test('the parameters are the first stage, whose accuracy is the dense one; other ones are other stages and other code', async (t) => {
  await using box = await sandbox();
  const made = async (checksum: string) => {
    const file = join(box.root, `${checksum}.ts`);
    await writeFile(file, plugin(checksum));
    const registry = await loadRegistry([TINY, file]);
    const [trial] = declareTrials([declared], 1, registry);
    const network = registry.network('trained').build(registry.datasets.get('blobs')!.shape);
    const context = { backend: 'cpu', network: () => network, datasetChecksum: () => 'data' };
    const plan = planStages([trial], registry, context);
    const codes = new TrialCodes(registry);
    await codes.locate([trial.spec]);
    return { trial: plan.trials[0], stages: [...plan.stages.values()], code: codes.code(trial.spec, 'cpu') };
  };
  const [one, other] = [await made('one'), await made('other')];
  t.deepEqual(
    one.stages.at(-1)!.steps.map(({ kind }) => kind),
    ['pretrained', 'prune', 'train'],
  );
  t.deepEqual(one.trial.points, { dense: 0, pruned: 1, final: 2 });
  t.is(one.trial.key, other.trial.key, 'what is asked for is the same');
  t.is(one.stages.filter(({ key }) => other.stages.some((stage) => stage.key === key)).length, 0);
  t.not(one.code.network, other.code.network);
});

const network: Network = defineNetwork({
  name: 'net',
  inputShape: [2],
  layers: sequential([dense('fc', 2, { useBias: false })]),
});
const kernel = (...values: number[]) => ({ 'fc/kernel': { shape: [2, 2], values: Float32Array.from(values) } });
const FIRST = kernel(1, 2, 3, 4);

async function stepOf(steps: Stage['steps'], states: Readonly<Record<string, State>>, pretrained = FIRST) {
  const ancestors = steps.slice(0, -1).map((_, i) => `after-${i}`);
  const stage = {
    ...{ key: 'k', parent: ancestors.at(-1) ?? null, dataset: 'toy', network: 'net', seed: 0 },
    ...{ steps, ancestors, evaluate: false },
  };
  const { state } = await takeStep(stage, {
    ...{ dataset: toyDataset({ inputShape: [2], classes: 2 }), network, initializer: 'he-normal', pretrained },
    ...{ registry: await loadRegistry(), signal: new AbortController().signal },
    stateOf: async (key) => states[key],
  });
  return [...state.parameters['fc/kernel'].values];
}

const load = { kind: 'pretrained', options: { checksum: 'c' } };

test('the step gives them; weights that are drawn anew are others, and those of the beginning are these', async (t) => {
  t.deepEqual(await stepOf([load], {}), [1, 2, 3, 4]);
  const later = { 'after-0': { parameters: kernel(5, 6, 7, 8), masks: {} } };
  t.deepEqual(await stepOf([load, { kind: 'rewind', options: { to: -1 } }], later), [1, 2, 3, 4]);
  t.notDeepEqual(await stepOf([load, { kind: 'reinitialize', options: {} }], later), [1, 2, 3, 4]);
});

test("a method counts its own steps: it rewinds to its first one, not to the file's", async (t) => {
  const states = Object.fromEntries(
    [kernel(1, 2, 3, 4), kernel(5, 5, 5, 5), kernel(6, 6, 6, 6)].map((parameters, i) => [
      `after-${i}`,
      { parameters, masks: {} },
    ]),
  );
  const prune = { kind: 'prune', options: { criterion: 'magnitude', sparsity: 0.5 } };
  const steps = [load, { kind: 'train', options: training }, prune, { kind: 'rewind', options: { to: 0 } }];
  t.deepEqual(await stepOf(steps, states), [5, 5, 5, 5]);
});

test('parameters that do not fit are one clear error', async (t) => {
  const narrow = { 'fc/kernel': { shape: [1, 2], values: Float32Array.of(1, 2) } };
  const error = await t.throwsAsync(stepOf([load], {}, narrow), { instanceOf: PrunebenchError });
  t.is(error.message, 'Network net: its pretrained parameter fc/kernel has the shape [1,2], the network needs [2,2].');
});

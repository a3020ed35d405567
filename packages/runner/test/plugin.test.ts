/** Plugins lie wherever their authors work: each of these is written into a folder that no package is installed for. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from './fixtures/cli.ts';

// pnpm names its store here, in which `require` would find whatever is installed.
delete process.env.NODE_PATH;

const CRITERION = `
const citation = { authors: 'Nobody', title: 'Squares', year: 2024, venue: 'none', url: 'https://example.org' };
const squares = defineCriterion({
  id: 'squares',
  title: 'Squared weight',
  citation,
  taxonomy: 'magnitude',
  options: z.strictObject({}),
  granularity: ['weight'],
  needs: ['weights'],
  when: 'any',
  score: ({ network, parameters }) =>
    Object.fromEntries(prunableSpecs(network).map(({ name }) => [name, parameters[name].values.map((w) => w * w)])),
});`;

const PLUGIN = `
import { defineBenchmark, defineCriterion, prunableSpecs } from '@prunebench/core';
import { magnitude } from '@prunebench/criterion-magnitude';
import { datasets } from '@prunebench/data';
import { models } from '@prunebench/models';
import { type Plugin, withoutDefaults } from '@prunebench/runner';
import { lossGradients } from '@prunebench/training';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
if ([magnitude, datasets, models, withoutDefaults, lossGradients, tf.tensor].includes(undefined)) throw new Error();
${CRITERION}
const training = { epochs: 1, batchSize: 32, learningRate: 0.05 };
const cell = { dataset: 'blobs', network: 'tiny-mlp', sparsity: 0.5, pretrain: training, retrain: training };
export default {
  criteria: [squares],
  benchmarks: [defineBenchmark({
    id: 'squared',
    title: 'Squared weights',
    question: 'Does it run?',
    seeds: { smoke: 1, cpu: 3, paper: 3 },
    trials: () => [{ ...cell, method: 'squares', series: 'squares' }],
    published: [],
  })],
} satisfies Plugin;
`;

async function boxWith(file: string, text: string) {
  const box = await sandbox();
  const path = join(box.root, file);
  await writeFile(path, text);
  return { box, path };
}

test.serial(
  'a plugin outside the repository imports what the runner has, in the command line and in workers',
  async (t) => {
    const { box, path } = await boxWith('mine.ts', PLUGIN);
    await using _ = box;
    const { exitCode, all } = await box.run('squared', '--plugin', path);
    t.is(exitCode, 0, all);
    t.is((await box.records('squared')).size, 1);
  },
);

test.serial('so does the CommonJS module that a plugin may be', async (t) => {
  const text = `const { defineCriterion } = require('@prunebench/core'); const { z } = require('zod'); ${CRITERION}
    module.exports = { criteria: [squares] };`;
  const { box, path } = await boxWith('mine.cjs', text);
  await using _ = box;
  const { exitCode, stdout, stderr } = await box.cli('list', 'criteria', '--plugin', path);
  t.is(exitCode, 0, stderr);
  t.regex(stdout, /^squares +Squared weight \(Nobody 2024\)$/m);
});

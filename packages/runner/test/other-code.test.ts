/** A criterion is edited, and the same command run again: the table must show what the edited one gives. */
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { digests, sandbox } from './fixtures/cli.ts';

const PLUGIN = `
import { defineBenchmark, type Plugin } from './suite.ts';
import { mine } from './mine-criterion.ts';
const training = { epochs: 1, batchSize: 32, learningRate: 0.05 };
const cell = { dataset: 'blobs', network: 'tiny-mlp', sparsity: 0.9, pretrain: training, retrain: training };
export default {
  criteria: [mine],
  benchmarks: [defineBenchmark({
    id: 'edited', title: 'Edited', question: 'Whose number is it?', seeds: { smoke: 1, cpu: 3, paper: 3 }, published: [],
    trials: () => [{ ...cell, method: 'mine', series: 'mine' }, { ...cell, method: 'magnitude', series: 'theirs' }],
  })],
} satisfies Plugin;
`;
const SUITE = `export { defineBenchmark } from '@prunebench/core'; export type { Plugin } from '@prunebench/runner';`;
const criterion = (sign: string, comment = '') => `
import { defineCriterion, prunableSpecs } from '@prunebench/core';
import { z } from 'zod';
import { power } from './power.ts';
${comment}
export const mine = defineCriterion({
  id: 'mine', title: 'Mine', taxonomy: 'magnitude', options: z.strictObject({}), granularity: ['weight'],
  citation: { authors: 'Nobody', title: 'Mine', year: 2024, venue: 'none', url: 'https://example.org' },
  needs: ['weights'], when: 'any',
  score: ({ network, parameters }) => Object.fromEntries(
    prunableSpecs(network).map(({ name }) => [name, parameters[name].values.map((w) => ${sign}power(w))])),
});`;
const power = (exponent: number) => `export const power = (w: number) => Math.abs(w) ** ${exponent};`;

/** A sandbox whose plugin lies in it. */
async function boxWith(sign: string, exponent = 2) {
  const box = await sandbox();
  const files = {
    'plugin.ts': PLUGIN,
    'suite.ts': SUITE,
    'mine-criterion.ts': criterion(sign),
    'power.ts': power(exponent),
  };
  for (const [file, text] of Object.entries(files)) await writeFile(join(box.root, file), text);
  const run = (...args: string[]) => box.run('edited', '--plugin', join(box.root, 'plugin.ts'), ...args);
  return { box, run, records: () => box.records('edited') };
}

test.serial(
  'an edited criterion is computed again, as in a fresh folder, and the run says which code changed',
  async (t) => {
    const { box, run, records } = await boxWith('');
    await using _ = box;
    const fresh = await boxWith('-');
    await using __ = fresh.box;
    const first = await run();
    t.is(first.exitCode, 0, first.all);
    const before = await records();
    const [{ run: provenance, code }] = [...before.values()].filter(({ series }) => series === 'mine');
    t.deepEqual(
      provenance.plugins!.map(({ file }) => file),
      ['tiny.ts', 'plugin.ts'],
    );
    t.is(code!.entries.find(({ name }) => name === 'criterion mine')!.file, 'mine-criterion.ts');

    await writeFile(join(box.root, 'mine-criterion.ts'), criterion('', '// The same as before.'));
    const commented = await run();
    t.regex(commented.stderr, /2 trials, 2 finished before\n.*Nothing was run/, 'a comment is no other code');

    await writeFile(join(box.root, 'mine-criterion.ts'), criterion('-'));
    const again = await run();
    t.is(again.exitCode, 0, again.all);
    t.regex(
      again.stderr,
      /criterion mine \(mine-criterion\.ts\) changed since 1 record of commit \w{7}: computed again/,
    );
    t.regex(again.stderr, /2 trials, 1 finished before/);
    t.notRegex(again.stderr, /Nothing was run/);
    t.is((await fresh.run()).exitCode, 0);
    t.deepEqual(digests(await records()), digests(await fresh.records()));
    t.notDeepEqual(digests(await records()), digests(before), 'the two criteria prune different weights');
  },
);

test.serial(
  'without its record, an edited helper of a criterion gets no number from the stages of the old one',
  async (t) => {
    const { box, run, records } = await boxWith('', 2);
    await using _ = box;
    const fresh = await boxWith('', -2);
    await using __ = fresh.box;
    await run();
    const stages = (await readdir(box.stages)).length;
    await rm(join(box.results, 'edited'), { recursive: true });
    await writeFile(join(box.root, 'power.ts'), power(-2));
    const again = await run();
    t.is(again.exitCode, 0, again.all);
    await fresh.run();
    t.deepEqual(digests(await records()), digests(await fresh.records()));
    t.is((await readdir(box.stages)).length, stages + 2, 'the pretrained network and the other method are shared');
  },
);

test.serial('a record of other code that cannot be made anew is not shown as this code’s', async (t) => {
  const { box, run, records } = await boxWith('');
  await using _ = box;
  await run();
  await writeFile(join(box.root, 'power.ts'), "export const power = (w: number) => { throw new TypeError('a bug'); };");
  const broken = await run();
  t.is(broken.exitCode, 1);
  t.regex(broken.stderr, /is of other code and could not be computed again/);
  t.deepEqual(
    [...(await records()).values()].map(({ series }) => series),
    ['theirs'],
  );
});

test.serial('--rerun computes finished trials again from their first step, to the same records', async (t) => {
  const { box, run, records } = await boxWith('');
  await using _ = box;
  await run();
  const before = await records();
  const { measured, runs } = box.published('edited');
  const lines = await readFile(measured, 'utf8');
  const ran = await readFile(runs, 'utf8');
  const { exitCode, all, stderr } = await run('--rerun');
  t.is(exitCode, 0, all);
  t.regex(stderr, /2 finished trials are computed again/);
  const after = await records();
  t.deepEqual(digests(after), digests(before));
  for (const [file, { run: made }] of after) t.true(made.finishedAt > before.get(file)!.run.finishedAt);
  t.is(await readFile(measured, 'utf8'), lines, 'no diff where everything is reproduced');
  t.not(await readFile(runs, 'utf8'), ran);
  const both = await run('--rerun', '--keep');
  t.is(both.exitCode, 2, 'the two exclude each other');
});

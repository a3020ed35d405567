/** Names that come from outside: on the command line and in plugins. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { declareTrials } from '../src/plan/plan.ts';
import { loadRegistry } from '../src/registry.ts';
import { sandbox } from './fixtures/cli.ts';

// biome-ignore lint/suspicious/noControlCharactersInRegex: that there are none is what is tested
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/;
const ODD = 'x\u001b[31m\u0007\u009b2J\u202e\r\ty';

for (const [what, args] of Object.entries({
  'a filter value': ['run', 'global-vs-layerwise', '--scale', 'smoke', '--filter', `series=${ODD}`],
  'a filter field': ['run', 'global-vs-layerwise', '--filter', `${ODD}=1`],
  'a benchmark': ['run', ODD],
  'an option': [`--${ODD}`],
  'a command': [ODD],
  'a list': ['list', ODD],
  'a plugin': ['list', 'models', '--plugin', ODD],
  'a results folder': ['time', 'aa', '--results', ODD],
}))
  test(`control characters in ${what} are written out`, async (t) => {
    await using box = await sandbox();
    const { all, exitCode } = await box.cli(...args);
    t.not(exitCode, 0);
    t.notRegex(all!, CONTROLS);
    t.true(all!.includes('\\u001b[31m'), all);
  });

const entry = (id: string) =>
  JSON.stringify({ id, title: 'T', question: '?', seeds: { smoke: 1, cpu: 3, paper: 3 }, published: [] });
const plugins: Readonly<Record<string, string>> = {
  benchmark: `export default { benchmarks: [{ ...${entry('lenet/mnist')}, trials: () => [] }] };`,
  network: "export default { networks: [{ id: '../up', title: 'T', initializer: 'he-normal', build: () => null }] };",
  dataset:
    "export default { datasets: [{ id: 'a b', title: 'T', shape: { inputShape: [1], classes: 2 }, load: () => null }] };",
};

for (const [what, text] of Object.entries(plugins))
  test(`a plugin's ${what} with an id that is no file name is refused at load`, async (t) => {
    await using box = await sandbox();
    const plugin = join(box.root, 'plugin.mjs');
    await writeFile(plugin, text);
    const { stderr, exitCode } = await box.cli('list', 'benchmarks', '--plugin', plugin);
    t.is(exitCode, 1);
    t.regex(stderr, new RegExp(`plugin\\.mjs could not be loaded: ${what}s\\[0\\]\\.id: must be letters, digits`));
    t.notRegex(stderr, /This is a bug|at .*\.ts:/);
  });

test('one series with two learning rates is refused when it is declared', async (t) => {
  const training = { epochs: 1, learningRate: 0.1 };
  const trial = { dataset: 'mnist', network: 'lenet-300-100', method: 'magnitude', sparsity: 0.5, series: 'mine' };
  const both = [0.1, 0.2].map((learningRate) => ({ ...trial, pretrain: { ...training, learningRate }, retrain: null }));
  const registry = await loadRegistry();
  const error = t.throws(() => declareTrials(both, 1, registry), { instanceOf: PrunebenchError });
  t.regex(error.message, /Series "mine" has two trials at sparsity 0\.5 .*which differ in pretrain/);
  t.regex(error.remedy!, /a series of its own/);
});

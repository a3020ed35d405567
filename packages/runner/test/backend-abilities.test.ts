/** What a backend cannot do is said before any data is loaded. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import test from 'ava';
import { sandbox } from './fixtures/cli.ts';

const PLUGIN = `
import { defineBenchmark } from '@prunebench/core';
const training = { epochs: 1, batchSize: 32, learningRate: 0.05 };
const load = async () => { throw new Error('the data was loaded'); };
export default {
  datasets: [{ id: 'unread', title: 'Never read', shape: { inputShape: [28, 28, 1], classes: 10 }, load }],
  benchmarks: [defineBenchmark({
    id: 'convolutions',
    title: 'Convolutions',
    question: 'Can they be trained?',
    seeds: { smoke: 1, cpu: 3, paper: 3 },
    trials: () => [{
      dataset: 'unread', network: 'lenet-5-caffe', method: 'magnitude', sparsity: 0.5, pretrain: training, retrain: training,
      series: 'magnitude',
    }],
    published: [],
  })],
};
`;

test('LeNet-5 on wasm is refused by name before the data is loaded', async (t) => {
  await using box = await sandbox();
  const plugin = join(box.root, 'mine.ts');
  await writeFile(plugin, PLUGIN);
  const where = ['--scale', 'smoke', '--results', box.results, '--plugin', plugin];
  const { exitCode, stderr } = await box.cli('run', 'convolutions', '--backend', 'wasm', ...where);
  t.is(exitCode, 1, stderr);
  t.regex(
    stderr,
    /^error: Backend wasm cannot train network lenet-5-caffe: it has no gradients .* conv2d, such as conv1/m,
  );
  t.regex(stderr, /list backends/);
  t.notRegex(stderr, /the data was loaded|\n\s+at |bug in Prunebench/);
});

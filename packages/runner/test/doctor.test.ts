/** What `doctor` calls a failure, with pretended surroundings. */
import { chmod, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineBenchmark, PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { neededDatasets } from '../src/doctor/datasets.ts';
import { checkPyTorch } from '../src/doctor/python.ts';
import { loadRegistry } from '../src/registry.ts';

/** A program that stands for a Python: it says what a real one would. */
async function python(...lines: string[]): Promise<string> {
  const file = join(await mkdtemp(join(tmpdir(), 'prunebench-python-')), 'python3');
  await writeFile(file, `#!/bin/sh\n${lines.join('\n')}\n`);
  await chmod(file, 0o755);
  return file;
}

test('PyTorch and SciPy are named with their versions and whose they are', async (t) => {
  const file = await python(
    'echo "a warning"',
    'echo "python 3.12.1"',
    'echo "torch 2.5.0+cpu"',
    'echo "scipy 1.14.0"',
  );
  t.deepEqual(await checkPyTorch(file), {
    status: 'ok',
    subject: 'PyTorch',
    detail: `${file} (Python 3.12.1) has PyTorch 2.5.0+cpu and SciPy 1.14.0, for ./prunebench speed`,
  });
});

test('a Python without PyTorch or without SciPy is a warning that says what to install', async (t) => {
  const bare = await checkPyTorch(await python('echo "python 3.12.1"'));
  t.is(bare.status, 'warn');
  t.regex(bare.detail, /\(Python 3\.12\.1\) has no PyTorch; \.\/prunebench speed measures alone/);
  t.regex(bare.remedy!, /apt-get install python3-torch .*PRUNEBENCH_PYTHON/);
  const half = await checkPyTorch(await python('echo "python 3.12.1"', 'echo "torch 2.5.0"'));
  t.is(half.status, 'warn');
  t.regex(half.detail, /PyTorch 2\.5\.0, but no SciPy/);
  t.regex(half.remedy!, /apt-get install python3-scipy/);
});

test('what is no Python is a warning with the reason', async (t) => {
  t.regex((await checkPyTorch('/nowhere/python3')).detail, /^\/nowhere\/python3 does not run: .*ENOENT/);
  t.regex((await checkPyTorch(await python('echo hello'))).detail, /does not run: it is no Python/);
});

test('needed are the data sets of benchmarks that can be loaded', async (t) => {
  const trial = { network: 'mlp', method: 'magnitude', sparsity: 0.5, pretrain: null, retrain: null, series: 's' };
  const seeds = { smoke: 1, cpu: 1, paper: 1 };
  const benchmark = defineBenchmark({
    ...{ id: 'b', title: 'B', question: '?', seeds, published: [] },
    trials: (scale) => [{ ...trial, dataset: scale === 'paper' ? 'large' : 'small' }],
  });
  const faulty = () => Promise.reject(new PrunebenchError('The benchmark f could not be loaded.'));
  const benchmarks = new Map([
    ['b', { id: 'b', load: async () => benchmark }],
    ['f', { id: 'f', load: faulty }],
  ]);
  t.deepEqual([...(await neededDatasets({ benchmarks }))].sort(), ['large', 'small']);
});

test("the suite's benchmarks need MNIST, and not Fashion-MNIST, which nobody has to install", async (t) => {
  const needed = await neededDatasets(await loadRegistry());
  t.true(needed.has('mnist') && needed.has('cifar10') && needed.has('monk1'));
  t.false(needed.has('fashion-mnist'));
});

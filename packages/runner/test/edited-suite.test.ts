/** Files of a copy of the suite are edited: which digests change? Nothing is computed. */
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { TrialCode, TrialSpec } from '@prunebench/core';
import test from 'ava';
import { repositoryRoot } from '../src/repository.ts';

type Suite = typeof import('../src/registry.ts') &
  typeof import('../src/code/trial-code.ts') &
  typeof import('../src/plan/plan.ts');

let copy: string;
let suite: Suite;

test.before(async () => {
  copy = await mkdtemp(join(tmpdir(), 'suite-'));
  const filter = (path: string) => !/\/(build|test|results|docs)$/.test(path);
  for (const folder of ['packages', 'datasets', 'benchmarks'])
    await cp(join(repositoryRoot, folder), join(copy, folder), { recursive: true, verbatimSymlinks: true, filter });
  await symlink(join(repositoryRoot, 'node_modules'), join(copy, 'node_modules'));
  const load = (path: string) => import(pathToFileURL(join(copy, 'packages/runner/src', path)).href);
  suite = { ...(await load('registry.ts')), ...(await load('code/trial-code.ts')), ...(await load('plan/plan.ts')) };
});
test.after.always(() => rm(copy, { recursive: true, force: true }));

async function specOf(method: string): Promise<TrialSpec> {
  const training = { epochs: 1, learningRate: 0.1 };
  const cell = { dataset: 'mnist', network: 'lenet-300-100', sparsity: 0.9, pretrain: training, retrain: training };
  return suite.declareTrials([{ ...cell, method, series: method }], 1, await suite.loadRegistry())[0].spec;
}

async function codeOf(method: string): Promise<TrialCode> {
  const codes = new suite.TrialCodes(await suite.loadRegistry());
  const spec = await specOf(method);
  await codes.locate([spec]);
  return codes.code(spec, 'native');
}

/** Names of the entries and of the engine's parts that change for a method when a file is edited. */
async function changes(file: string, edit: (text: string) => string, method = 'snip'): Promise<readonly string[]> {
  const path = join(copy, file);
  const text = await readFile(path, 'utf8');
  const before = await codeOf(method);
  await writeFile(path, edit(text));
  const after = await codeOf(method);
  await writeFile(path, text);
  const entries = (code: TrialCode) => Object.fromEntries(code.entries.map(({ name, digest }) => [name, digest]));
  const all = (code: TrialCode): Record<string, string> => ({ ...entries(code), ...code.engine });
  return Object.keys({ ...all(before), ...all(after) }).filter((key) => all(before)[key] !== all(after)[key]);
}

const addCode = (text: string) => `${text}\nglobalThis.edited = true;\n`;
const addComment = (text: string) => `// Edited.\n\n${text}\n/* And\n   here. */\n`;

const edits: Readonly<Record<string, readonly string[]>> = {
  'packages/criteria/initialization/src/snip.ts': ['criterion snip'],
  'packages/criteria/initialization/src/connection-sensitivity.ts': ['criterion snip'],
  'packages/signals/src/gradients.ts': ['packages/signals'],
  'packages/criteria/initialization/src/grasp.ts': [],
  'packages/criteria/magnitude/src/magnitude.ts': [],
  'packages/training/src/steps/prune.ts': ['step prune'],
  'packages/training/src/steps/train.ts': ['step train'],
  'packages/training/src/iteration/training-step.ts': ['packages/training'],
  'packages/core/src/pruning/select.ts': ['packages/core'],
  'packages/core/src/pruning/from-criterion.ts': ['packages/core'],
  'packages/network/src/forward.ts': ['packages/network'],
  'packages/core/src/records/record.ts': [],
  'packages/data/src/idx-dataset.ts': ['packages/data'],
  'packages/data/src/cifar10.ts': [],
  'packages/interop/src/safetensors.ts': ['packages/interop'],
  'packages/runner/src/worker/make-record.ts': ['packages/runner'],
  'packages/runner/src/commands/run.ts': [],
  'packages/report/src/render/markdown.ts': [],
  'packages/backends/native/src/cc/gemm/gemm.cc': ['packages/backends/native'],
  'packages/backends/native/src/kernels/conv.ts': ['packages/backends/native'],
  'packages/backends/select/src/backends/wasm.ts': [],
};

for (const [file, expected] of Object.entries(edits))
  test.serial(`${file} ${expected.length > 0 ? `is ${expected}` : 'is no part of a trial of SNIP'}`, async (t) => {
    t.deepEqual(await changes(file, addCode), expected);
  });

test.serial('comments are no change, wherever they stand', async (t) => {
  const before = await codeOf('snip');
  for (const file of Object.keys(edits).filter((path) => path.endsWith('.ts'))) {
    const path = join(copy, file);
    await writeFile(path, addComment(await readFile(path, 'utf8')));
  }
  t.deepEqual(await codeOf('snip'), before);
});

test.serial('a criterion of another family has a code of its own', async (t) => {
  t.deepEqual(await changes('packages/criteria/magnitude/src/magnitude.ts', addCode, 'magnitude'), [
    'criterion magnitude',
  ]);
  t.deepEqual(
    await changes('packages/criteria/initialization/src/connection-sensitivity.ts', addCode, 'magnitude'),
    [],
  );
});

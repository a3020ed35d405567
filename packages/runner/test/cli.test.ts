/** What the command line answers to wrong input: one message, the remedy, no stack, a code that says whose fault it is. */
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTable, recordTable } from '@prunebench/records';
import test from 'ava';
import { COMPILE_CACHE } from '../src/compile-cache.ts';
import { repositoryRoot } from '../src/repository.ts';
import { sandbox, TINY } from './fixtures/cli.ts';

interface Case {
  readonly run: string;
  readonly args?: readonly string[];
  readonly says: RegExp;
  readonly remedy?: RegExp;
}

const cases: Readonly<Record<string, Case>> = {
  'an unknown benchmark': { run: 'tinny', says: /Unknown benchmark "tinny"/, remedy: /Did you mean "tiny"\?/ },
  'an unknown method': { run: 'bad-method', says: /Unknown method "magnitud"/, remedy: /Did you mean "magnitude"\?/ },
  'an unknown model': { run: 'bad-model', says: /no model "tiny-mpl"/, remedy: /Choose one of/ },
  'an unknown dataset': { run: 'bad-dataset', says: /Unknown dataset "blob"/, remedy: /Did you mean "blobs"\?/ },
  'an unknown option': {
    run: 'bad-option-key',
    says: /options of method magnitude: unknown option "scop"/,
    remedy: /Did you mean "scope"\?/,
  },
  'a wrong option value': {
    run: 'bad-option-value',
    says: /options of method magnitude: "scope": .*"global"\|"layerwise"/,
  },
  'a sparsity of 1': { run: 'bad-sparsity', says: /"sparsity": .*<1/ },
  'a negative number of epochs': { run: 'bad-training', says: /pretrain: "epochs": .*>0/ },
  'a trial that is declared twice': { run: 'bad-twice', says: /declares the same trial twice/, remedy: /Remove one/ },
  'an unknown backend': {
    run: 'tiny',
    args: ['--backend', 'cuda'],
    says: /no backend called cuda/,
    remedy: /auto, tensorflow/,
  },
  'an unknown filter field': {
    run: 'tiny',
    args: ['--filter', 'sead=1'],
    says: /Unknown filter field "sead"/,
    remedy: /Did you mean "seed"/,
  },
  'a plugin that is not there': {
    run: 'tiny',
    args: ['--plugin', '/nowhere.ts'],
    says: /plugin \/nowhere.ts could not.*: there is no such file/,
  },
};

for (const [what, { run, args = [], says, remedy }] of Object.entries(cases))
  test.serial(`${what} is one clear error`, async (t) => {
    await using box = await sandbox();
    const { exitCode, stderr } = await box.run(run, ...args);
    t.is(exitCode, 1, stderr);
    t.regex(stderr, says);
    if (remedy) t.regex(stderr, remedy);
    t.notRegex(stderr, /\n\s+at /, 'no stack trace');
  });

test.serial('a results folder that cannot be written is one clear error', async (t) => {
  await using box = await sandbox();
  await writeFile(join(box.root, 'file'), '');
  const { exitCode, stderr } = await box.run('tiny', '--results', join(box.root, 'file', 'results'));
  t.is(exitCode, 1);
  t.regex(stderr, /file.*folder.* \(E[A-Z]+\)\.\nChoose another folder with --results/);
  t.notRegex(stderr, /\n\s+at /);
});

const occupied: Readonly<Record<string, readonly string[]>> = {
  run: ['run', 'global-vs-layerwise'],
  report: ['report'],
  verify: ['verify'],
  time: ['time', '0'],
  speed: ['speed'],
};
for (const [command, args] of Object.entries(occupied))
  test.serial(`${command} on a results folder that is a file is one clear error`, async (t) => {
    await using box = await sandbox();
    const file = join(box.root, 'file');
    await writeFile(file, '');
    const { exitCode, stderr } = await box.cli(...args, '--results', file);
    t.is(exitCode, 1);
    t.true(stderr.includes(`A file stands where a folder is needed: ${file}`), stderr);
    t.regex(stderr, /\nChoose another folder with --results\.$/);
    t.notRegex(stderr, /\n\s+at /);
  });

test.serial('an output folder that is a file is one clear error, which names that option', async (t) => {
  await using box = await sandbox();
  await box.run('untrained-speed', '--seeds', '1');
  const [{ key }] = (await box.records('untrained-speed')).values();
  const file = join(box.root, 'file');
  await writeFile(file, '');
  const { exitCode, stderr } = await box.cli(
    ...['export', key, '--results', box.results, '--plugin', TINY, '--output', file],
  );
  t.is(exitCode, 1);
  t.regex(
    stderr,
    /A file stands where a folder is needed: .*file \(EEXIST\)\.\nChoose another folder with --output\.$/,
  );
});

test.serial('a results folder of another schema version is left alone', async (t) => {
  await using box = await sandbox();
  await mkdir(box.results);
  await writeFile(join(box.results, 'results.json'), '{"schema": 0}');
  const { exitCode, stderr } = await box.run('tiny');
  t.is(exitCode, 1);
  t.regex(stderr, /schema version 0; this version of Prunebench reads and writes 1/);
  t.is((await box.records('tiny')).size, 0);
});

const usage: Readonly<Record<string, readonly string[]>> = {
  'an unknown command': ['lst'],
  'an unknown option': ['run', 'tiny', '--sale', 'cpu'],
  'an unknown scale': ['run', 'tiny', '--scale', 'huge'],
  'a missing argument': ['run'],
  'no worker': ['run', 'tiny', '--workers', '0'],
  'half a seed': ['run', 'tiny', '--seeds', '0.5'],
  'an unknown list': ['list', 'everything'],
  "networks for GPU.js's modes, which measure none": ['speed', '--gpu', '--networks', 'lenet-5-caffe'],
  'two measurements of speed at once': ['speed', '--sparse', '--backend', 'wasm'],
  'trainings and hooks at once': ['speed', '--trainings', '--hooks'],
};
for (const [what, args] of Object.entries(usage))
  test.serial(`${what} is wrong usage`, async (t) => {
    await using box = await sandbox();
    const { exitCode, stderr } = await box.cli(...args);
    t.is(exitCode, 2, stderr);
    t.regex(stderr, /^error: .*/);
    t.regex(stderr, /--help/);
  });

test.serial('lists are JSON where a program asks for it', async (t) => {
  await using box = await sandbox();
  const { stdout, exitCode } = await box.cli('list', 'methods', '--json');
  t.is(exitCode, 0);
  const magnitude = JSON.parse(stdout).find(({ id }: { id: string }) => id === 'magnitude');
  t.like(magnitude.options.properties.scope, { enum: ['global', 'layerwise'], default: 'global' });
});

test.serial('a reader that closes the pipe early is no error', async (t) => {
  await using box = await sandbox();
  const listing = box.cli('list', 'methods', '--json');
  listing.stdout.destroy();
  const { exitCode, stderr } = await listing;
  t.is(exitCode, 0, stderr);
});

test.serial('help shows examples', async (t) => {
  await using box = await sandbox();
  const { stdout, exitCode } = await box.cli('run', '--help');
  t.is(exitCode, 0);
  t.regex(stdout, /Examples:\n\s+\.\/prunebench run/);
});

for (const command of ['time', 'export'])
  test.serial(`the trial in the examples of ${command} has a record`, async (t) => {
    await using box = await sandbox();
    const { stdout } = await box.cli(command, '--help');
    const keys = [...stdout.matchAll(new RegExp(`prunebench ${command} (\\w+)`, 'g'))].map(([, key]) => key);
    t.true(keys.length > 0);
    const { records } = await loadTable(recordTable(join(repositoryRoot, 'results'), 'global-vs-layerwise', 'cpu'));
    for (const prefix of keys) t.is(records.filter(({ key }) => key.startsWith(prefix)).length, 1, prefix);
  });

test('what a command has compiled is kept for the next, with the installation', async (t) => {
  await using box = await sandbox();
  const { exitCode } = await box.cli('list', 'methods');
  t.is(exitCode, 0);
  t.true((await readdir(COMPILE_CACHE)).length > 0);
});

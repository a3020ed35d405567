/** Something else than a file where a command is told, or looks for, one: an error that names it, at once. */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { fromPyTorch } from '@prunebench/interop';
import { loadPublished } from '@prunebench/report/published';
import test from 'ava';
import { benchmarkFolders } from '../src/benchmark-folders.ts';
import { loadPlugin } from '../src/plugins/load.ts';
import { readRunStatus } from '../src/progress/run-status.ts';
import { pluginsOf } from '../src/results/remembered-plugins.ts';
import { existingResults } from '../src/results/results-folder.ts';
import { sandbox } from './fixtures/cli.ts';

const others: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
  'a folder': (path) => mkdir(path),
  'a named pipe': async (path) => execFileSync('mkfifo', [path]),
  'a device': (path) => symlink('/dev/zero', path),
  'a link to itself': (path) => symlink(path, path),
};

const PLUGIN = 'export default { datasets: [] };';

/** Where a file is looked for, below a folder, and what reads it. */
const readers: Readonly<Record<string, { file: string; read(path: string, folder: string): Promise<unknown> }>> = {
  'a plugin': { file: 'plugin.js', read: (path) => loadPlugin(path) },
  "a plugin's package.json": {
    file: 'package.json',
    async read(_, folder) {
      await mkdir(join(folder, 'src'));
      await writeFile(join(folder, 'src/plugin.js'), PLUGIN);
      return loadPlugin(join(folder, 'src/plugin.js'));
    },
  },
  "a benchmark's declaration": {
    file: 'benchmarks/own/benchmark.ts',
    async read(path) {
      const [entry] = await benchmarkFolders(dirname(dirname(path)));
      if (!entry) throw new PrunebenchError(`There is none: ${path}`);
      return entry.load();
    },
  },
  'published.csv': { file: 'published.csv', read: (path) => loadPublished(path) },
  'parameters of PyTorch': { file: 'net.safetensors', read: async (path) => fromPyTorch(path).checksum },
  'plugins.json': { file: 'plugins.json', read: (_, root) => pluginsOf({ root }, []) },
  'results.json': { file: 'results.json', read: (_, folder) => existingResults(folder) },
  'the status of a run': { file: 'run.json', read: (path) => readRunStatus(path) },
};

for (const [what, make] of Object.entries(others))
  for (const [place, { file, read }] of Object.entries(readers))
    test(`${what} in the place of ${place}`, async (t) => {
      await using box = await sandbox();
      const path = join(box.root, file);
      await mkdir(dirname(path), { recursive: true });
      await make(path);
      const error = await t.throwsAsync(async () => void (await read(path, box.root)), {
        instanceOf: PrunebenchError,
      });
      t.true(error.message.includes(path), error.message);
    });

test('the command line names a pipe in the place of a plugin, of its package.json and of the records', async (t) => {
  await using box = await sandbox();
  const pipe = join(box.root, 'pipe.js');
  execFileSync('mkfifo', [pipe]);
  const folder = join(box.root, 'package');
  await mkdir(folder);
  execFileSync('mkfifo', [join(folder, 'package.json')]);
  await writeFile(join(folder, 'plugin.js'), PLUGIN);
  for (const [plugin, named] of [
    [pipe, pipe],
    [join(folder, 'plugin.js'), join(folder, 'package.json')],
  ] as const) {
    const { stderr, exitCode } = await box.cli('list', 'datasets', '--plugin', plugin);
    t.is(exitCode, 1);
    t.true(stderr.includes(named), stderr);
    t.notRegex(stderr, /This is a bug/);
  }
  const { exitCode } = await box.run('untrained');
  t.is(exitCode, 0);
  for (const file of Object.values(box.published('untrained'))) {
    const content = await readFile(file);
    await rm(file);
    execFileSync('mkfifo', [file]);
    for (const command of ['report', 'verify'] as const) {
      const { all, exitCode: code } = await box.cli(command, '--results', box.results);
      t.is(code, 1, all);
      t.true(all!.includes(file), all);
      t.notRegex(all!, /This is a bug/);
    }
    await rm(file);
    await writeFile(file, content);
  }
});

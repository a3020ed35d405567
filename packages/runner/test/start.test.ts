/** ./prunebench, the file that starts the command line from a clone. */
import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import manifest from '../package.json' with { type: 'json' };
import { repositoryRoot } from '../src/repository.ts';
import { MAIN } from './fixtures/cli.ts';

test('a link to a link, one of them relative, starts it from another folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'prunebench start-'));
  await mkdir(join(folder, 'bin'));
  await symlink(join(repositoryRoot, 'prunebench'), join(folder, 'absolute'));
  await symlink('../absolute', join(folder, 'bin', 'prunebench'));
  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
  const { stdout } = await execa(join('bin', 'prunebench'), ['--version'], { cwd: folder, env });
  t.is(stdout, manifest.version);
});

/** Says at the end which modules were loaded. */
const TRACE = `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module';
  const urls = [];
  registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) });
  process.on('exit', () => process.stderr.write(urls.join('\\n')));
`)}`;

for (const [command, without] of [
  [['--version'], /zod|tensorflow/],
  [['prune', '--help'], /zod|tensorflow/],
  [['list', 'benchmarks'], /tensorflow|vega/],
  [['status'], /tensorflow|vega/],
  [['show', '--series', 'SNIP', '--network', 'lenet-300-100', '--sparsity', '0.95', '--seed', '1'], /tensorflow|vega/],
] as const)
  test(`${command.slice(0, 2).join(' ')} loads no library that it does not need`, async (t) => {
    const { stderr } = await execa(process.execPath, ['--import', TRACE, MAIN, ...command], { cwd: repositoryRoot });
    const loaded = stderr.split('\n').filter((url) => url.startsWith('file:'));
    t.true(loaded.length > 20);
    t.deepEqual(
      loaded.filter((url) => without.test(url.slice(url.lastIndexOf('node_modules/')))),
      [],
    );
  });

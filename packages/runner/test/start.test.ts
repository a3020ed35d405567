/** ./prunebench, the file that starts the command line from a clone. */
import { mkdir, mkdtemp, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import test from 'ava';
import { execa } from 'execa';
import manifest from '../package.json' with { type: 'json' };
import { repositoryRoot } from '../src/repository.ts';

test('a link to a link, one of them relative, starts it from another folder', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'prunebench start-'));
  await mkdir(join(folder, 'bin'));
  await symlink(join(repositoryRoot, 'prunebench'), join(folder, 'absolute'));
  await symlink('../absolute', join(folder, 'bin', 'prunebench'));
  const env = { PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` };
  const { stdout } = await execa(join('bin', 'prunebench'), ['--version'], { cwd: folder, env });
  t.is(stdout, manifest.version);
});

import { execFileSync } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { currentCommit } from '../src/provenance.ts';

test('a tree is changed by code, not by the tables that runs write into Markdown', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-'));
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.org', ...args], { cwd: root });
  await writeFile(join(root, 'code.ts'), 'export const one = 1;\n');
  await writeFile(join(root, 'README.md'), '# Table\n');
  git('init', '--quiet');
  git('add', '.');
  git('commit', '--quiet', '--message', 'start');
  const commit = git('rev-parse', 'HEAD').toString().trim();

  t.deepEqual(await currentCommit(root), { commit, dirty: false });
  await writeFile(join(root, 'README.md'), '# Another table\n');
  t.deepEqual(await currentCommit(root), { commit, dirty: false });
  await writeFile(join(root, 'code.ts'), 'export const one = 2;\n');
  t.deepEqual(await currentCommit(root), { commit, dirty: true });
});

test('a folder without history is unknown, and counts as changed', async (t) => {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-'));
  t.deepEqual(await currentCommit(root), { commit: 'unknown', dirty: true });
});

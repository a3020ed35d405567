import { execFile } from 'node:child_process';
import { createRequire } from 'node:module';
import { cpus } from 'node:os';
import { promisify } from 'node:util';
import { readManifest } from './package-manifest.ts';
import { repositoryRoot } from './repository.ts';

const run = promisify(execFile);

export interface Commit {
  readonly commit: string;
  /** Whether the working tree differs from it, results and Markdown aside: a run writes its tables into READMEs. */
  readonly dirty: boolean;
}

/** The commit that is checked out; a copy without its history is "unknown" and counts as changed. */
export async function currentCommit(root: string = repositoryRoot): Promise<Commit> {
  const git = async (...args: string[]) => (await run('git', args, { cwd: root })).stdout.trim();
  try {
    const commit = await git('rev-parse', 'HEAD');
    const changed = await git('status', '--porcelain', '--', '.', ':!results', ':(exclude,glob)**/*.md');
    return { commit, dirty: changed !== '' };
  } catch {
    return { commit: 'unknown', dirty: true };
  }
}

/** Versions of what decides the numbers. */
export function versions(): Readonly<Record<string, string>> {
  const require = createRequire(import.meta.url);
  const tfjs = readManifest(require.resolve('@tensorflow/tfjs-core/package.json'));
  const own = readManifest(new URL('../package.json', import.meta.url));
  return { node: process.version, '@tensorflow/tfjs-core': tfjs.version, prunebench: own.version };
}

/** The machine. */
export function host(): { cpu: string; cores: number; platform: string } {
  const cores = cpus();
  return {
    cpu: cores[0]?.model.trim() ?? 'unknown',
    cores: cores.length,
    platform: `${process.platform} ${process.arch}`,
  };
}

import { resolve } from 'node:path';
import { repositoryRoot } from '../repository.ts';

/**
 * A path that somebody typed, as an absolute one: relative to where they stand.
 *
 * `pnpm prunebench ...` starts the command in the repository's root and says in INIT_CWD where it was typed. Elsewhere the
 * variable is not believed: it outlives its package manager in whatever that starts.
 *
 * @param cwd where the process runs
 */
export function fromHere(path: string, cwd: string = process.cwd(), env: NodeJS.ProcessEnv = process.env): string {
  const { INIT_CWD, npm_lifecycle_event } = env;
  const typedElsewhere = npm_lifecycle_event === 'prunebench' && resolve(cwd) === resolve(repositoryRoot);
  return resolve(typedElsewhere && INIT_CWD ? INIT_CWD : cwd, path);
}

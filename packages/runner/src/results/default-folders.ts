import { join, resolve } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { repositoryRoot } from '../repository.ts';

/** Where the repository's own results are, which it publishes. */
export const publishedResults = join(repositoryRoot, 'results');

/** Where the answers to questions of one's own go; no commit takes it. */
export const scratchResults = join(repositoryRoot, 'local-results');

/**
 * Keeps what no benchmark declares out of what is published.
 *
 * @param what it is, as the message calls it
 * @throws PrunebenchError for the folder of the published results
 */
export function refusePublished(results: string, what: string): void {
  if (resolve(results) !== publishedResults) return;
  throw new PrunebenchError(
    `${what} cannot go to ${publishedResults}: what is published there is what benchmarks declare.`,
    {
      remedy: 'Leave --results out (they go to local-results/), or name another folder.',
    },
  );
}

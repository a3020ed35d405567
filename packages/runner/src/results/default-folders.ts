import { join } from 'node:path';
import { repositoryRoot } from '../repository.ts';

/** Where the repository's own results are, which it publishes. */
export const publishedResults = join(repositoryRoot, 'results');

/** Where the answers to questions of one's own go; no commit takes it. */
export const scratchResults = join(repositoryRoot, 'local-results');

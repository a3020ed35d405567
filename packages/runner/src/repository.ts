import { fileURLToPath } from 'node:url';

/** The folder that holds packages/, benchmarks/ and results/. */
export const repositoryRoot = fileURLToPath(new URL('../../..', import.meta.url));

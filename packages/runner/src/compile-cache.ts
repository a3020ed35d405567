import { join } from 'node:path';

/** Where Node keeps what it has compiled: with the installation, as only who may change that should write what it runs. */
export const COMPILE_CACHE = join(import.meta.dirname, '..', 'node_modules', '.cache', 'compile');

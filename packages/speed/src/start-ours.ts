import { fileURLToPath } from 'node:url';
import type { BackendName } from '@prunebench/backend-select';
import { Side } from './side.ts';

const ourProgram = fileURLToPath(new URL('./ours.ts', import.meta.url));

/** Our side in a process of its own; on the backend that PRUNEBENCH_BACKEND names, or the best, unless one is given. */
export function startOurs(threads: number, backend?: BackendName): Promise<Side> {
  const environment = backend ? { PRUNEBENCH_BACKEND: backend } : {};
  return Side.start('Prunebench', process.execPath, ['--no-warnings', ourProgram], threads, environment);
}

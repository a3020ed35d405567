import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { PrunebenchError } from '@prunebench/core';

export const chooserProgram = fileURLToPath(new URL('../peer_blas.py', import.meta.url));

/** What the peer's trials of its BLAS came to (see peer_blas.py). */
export interface BlasChoice {
  /** OPENBLAS_CORETYPE to run the peer with; null for what OpenBLAS takes by itself. */
  readonly coreType: string | null;
  /** The kernels that then run; null when the peer has a BLAS of its own. */
  readonly kernels: string | null;
  /** Time of the same products on each kind of kernels whose products were right. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Why core types were not considered. */
  readonly refused: Readonly<Record<string, string>>;
}

/**
 * Lets the peer try the kernels of its BLAS, with as many threads as it will be measured with.
 *
 * @throws PrunebenchError when none multiplies rightly
 */
export async function chooseBlas(interpreter: string, threads: number): Promise<BlasChoice> {
  const env = { ...process.env, OMP_NUM_THREADS: `${threads}`, OPENBLAS_NUM_THREADS: `${threads}` };
  try {
    return JSON.parse((await promisify(execFile)(interpreter, [chooserProgram], { env })).stdout);
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? error.stderr : error;
    const lines = `${said}`.trim().split('\n');
    throw new PrunebenchError(`The peer's matrix products could not be checked: ${lines.at(-1)}`, {
      remedy: 'Install another BLAS for it (apt-get install libopenblas0-pthread), or measure without PyTorch.',
    });
  }
}

/** The environment of a peer with these kernels, whatever the one it would inherit says. */
export function environmentOf({ coreType }: BlasChoice): NodeJS.ProcessEnv {
  return { OPENBLAS_CORETYPE: coreType ?? undefined, OPENBLAS_L2_SIZE: undefined };
}

/** The choice for a log: which kernels run, and how much longer the others take. */
export function describeChoice({ kernels, seconds, refused }: BlasChoice): string {
  if (kernels === null) return 'PyTorch has a BLAS of its own.';
  const others = Object.entries(seconds).filter(([name]) => name !== kernels);
  const times = others.map(([name, value]) => `${name} takes ${(value / seconds[kernels]).toFixed(2)} times as long`);
  const wrong = Object.entries(refused).map(([name, why]) => `${name} refused, ${why}`);
  return `PyTorch runs OpenBLAS's ${kernels} kernels: ${[...times, ...wrong].join('; ') || 'there are no others'}.`;
}

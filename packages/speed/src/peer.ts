import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PrunebenchError } from '@prunebench/core';
import { chooseBlas, describeChoice, environmentOf } from './peer-blas.ts';
import { Side } from './side.ts';

export const peerProgram = fileURLToPath(new URL('../peer.py', import.meta.url));

/** Debian's python3 is the one that Debian's python3-torch installs into. */
export const interpreter =
  process.env.PRUNEBENCH_PYTHON ?? (existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3');

export const PEER_REMEDY =
  'To measure the peer too: apt-get install python3-torch libopenblas0-pthread, or set PRUNEBENCH_PYTHON to a Python that has PyTorch.';

/**
 * What a plainly started PyTorch loses to its surroundings: glibc hands freed memory back and takes it anew, zeroed, in every step
 * (up to 5 times the time of a step on a virtual machine), and its two pools of threads, OpenMP's and OpenBLAS's, wait for work on
 * the processor, where the other one has some: so both may for some microseconds, and sleep then.
 */
const atItsBest = {
  MALLOC_MMAP_MAX_: '0',
  MALLOC_TRIM_THRESHOLD_: `${8 * 2 ** 30}`,
  GOMP_SPINCOUNT: '3000',
  OPENBLAS_THREAD_TIMEOUT: '14',
};

/** How to start the peer, as often as wanted; or why there is none. */
export type FoundPeer =
  | { readonly start: () => Promise<Side>; readonly environment: NodeJS.ProcessEnv }
  | { readonly missing: string };

/**
 * Looks whether one of the PyTorch programs runs here, and has the kernels of its BLAS chosen for this number of threads.
 *
 * @throws PrunebenchError when PyTorch is there but does not multiply rightly on any
 */
export async function findPeer(program: string, threads: number, log: (line: string) => void): Promise<FoundPeer> {
  const missing = await whyMissing(() => Side.start('PyTorch', interpreter, [program], threads));
  if (missing !== undefined) return { missing };
  const choice = await chooseBlas(interpreter, threads);
  log(`${threads} thread(s): ${describeChoice(choice)}`);
  const environment = { ...atItsBest, ...environmentOf(choice) };
  return { start: () => Side.start('PyTorch', interpreter, [program], threads, environment), environment };
}

/** The same PyTorch program on an NVIDIA card; its batches stay on the card, while ours are sent with every step. */
export async function findCudaPeer(): Promise<FoundPeer> {
  const environment = { PRUNEBENCH_PEER_DEVICE: 'cuda' };
  const start = () => Side.start('PyTorch', interpreter, [peerProgram], 1, environment);
  const missing = await whyMissing(start);
  return missing === undefined ? { start, environment } : { missing };
}

/** Starts a side once: the last line of what it says when it does not come up, undefined when it does. */
async function whyMissing(start: () => Promise<Side>): Promise<string | undefined> {
  try {
    (await start()).stop();
    return undefined;
  } catch (error) {
    if (!(error instanceof PrunebenchError)) throw error;
    return error.message.trim().split('\n').at(-1)!;
  }
}

/**
 * A peer with Netlib's reference BLAS is 20 times slower than it has to be; a ratio against it would be worth nothing.
 *
 * @throws PrunebenchError when the peer's matrix product is far below ours
 */
export function assertFairPeer(ourGflops: number, peerGflops: number): void {
  if (peerGflops >= 0.4 * ourGflops) return;
  throw new PrunebenchError(
    `PyTorch's matrix product reaches ${peerGflops.toFixed(0)} GFLOP/s where ours reaches ${ourGflops.toFixed(0)}: it runs on a slow BLAS, and comparing with it would flatter us.`,
    { remedy: 'Install an optimised BLAS for it (apt-get install libopenblas0-pthread) and run again.' },
  );
}

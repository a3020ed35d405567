import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PrunebenchError } from '@prunebench/core';
import { Side } from './side.ts';

const program = fileURLToPath(new URL('../peer.py', import.meta.url));

/** Debian's python3 is the one that Debian's python3-torch installs into. */
const interpreter = process.env.PRUNEBENCH_PYTHON ?? (existsSync('/usr/bin/python3') ? '/usr/bin/python3' : 'python3');

export const PEER_REMEDY =
  'To measure the peer too: apt-get install python3-torch libopenblas0-pthread, or set PRUNEBENCH_PYTHON to a Python that has PyTorch.';

/** The PyTorch side, or why there is none. */
export async function startPeer(threads: number): Promise<Side | { missing: string }> {
  try {
    return await Side.start('PyTorch', interpreter, [program], threads);
  } catch (error) {
    if (!(error instanceof PrunebenchError)) throw error;
    return { missing: error.message.trim().split('\n').at(-1)! };
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

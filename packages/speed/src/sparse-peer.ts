import { fileURLToPath } from 'node:url';
import { findPeer } from './peer.ts';
import type { Side } from './side.ts';
import type { PeerRequest } from './sparse-protocol.ts';

const program = fileURLToPath(new URL('../peer_sparse.py', import.meta.url));

/** PyTorch and SciPy in a process of their own; see peer_sparse.py. */
export class SparsePeer {
  readonly version: string;
  readonly #side: Side;

  private constructor(side: Side) {
    this.#side = side;
    this.version = side.version;
  }

  /** The peer, or undefined (with the reason logged) where PyTorch is missing. */
  static async start(threads: number, log: (line: string) => void): Promise<SparsePeer | undefined> {
    const found = await findPeer(program, threads, log);
    if ('start' in found) return new SparsePeer(await found.start());
    log(`PyTorch is missing (${found.missing}): measuring ours alone.`);
    return undefined;
  }

  /** Seconds of each repeat, or undefined where the peer has no such operation. */
  async time(request: PeerRequest, repeats: number): Promise<readonly number[] | undefined> {
    return (await this.#side.ask({ ...request, repeats })).seconds;
  }

  stop(): void {
    this.#side.stop();
  }
}

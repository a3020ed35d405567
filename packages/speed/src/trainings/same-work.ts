/** Both sides must do the same work before their times are compared; a side that does less is refused. */
import { PrunebenchError } from '@prunebench/core';
import { max } from 'd3-array';
import type { MaskedReport } from './protocol.ts';

/** Of losses, relative: that of the same arithmetic in another order, and that where the sides draw which weights open. */
const [SAME, ALIKE] = [1e-4, 0.05];

/** @throws PrunebenchError where a loss of the two differs, or there are not as many */
export function assertSameLosses(
  what: string,
  ours: readonly number[],
  peers: readonly number[],
  tolerance = SAME,
): void {
  const differs = (loss: number, i: number) => !(Math.abs(loss - ours[i]) <= tolerance * Math.abs(ours[i]));
  if (ours.length !== peers.length || peers.some(differs)) refuse(what, 'losses', ours, peers);
}

/**
 * @throws PrunebenchError where the sides' losses, kept weights or numbers of weights that left differ, a removed weight is not 0, or the
 *   optimizer remembers something after the event
 */
export function assertSameExchange(what: string, ours: MaskedReport, peers: MaskedReport): void {
  assertSameLosses(what, ours.losses, peers.losses);
  assertSameLosses(`${what}, after the event`, ours.lossesAfter, peers.lossesAfter, ALIKE);
  if (String(ours.kept) !== String(peers.kept)) refuse(what, 'kept weights', ours.kept, peers.kept);
  // Each side draws the weights that open, and those that have just closed are among them.
  const differs = (left: number, l: number) => !(Math.abs(left - ours.left[l]) <= 6 * Math.sqrt(ours.left[l]));
  if (ours.left.length !== peers.left.length || peers.left.some(differs) || !(max(ours.left)! > 0))
    refuse(what, 'weights that left', ours.left, peers.left);
  for (const key of ['strays', 'remembered'] as const)
    if (ours[key] !== 0 || peers[key] !== 0) {
      const name = key === 'strays' ? 'removed weights that are not 0' : 'values that the optimizer remembers';
      refuse(what, name, [ours[key]], [peers[key]]);
    }
}

function refuse(what: string, of: string, ours: readonly number[], peers: readonly number[]): never {
  throw new PrunebenchError(
    `The sides do other work in ${what}: ${of} are ${ours.join(', ')} in ours and ${peers.join(', ')} in PyTorch's.`,
    { remedy: 'Repair src/trainings or peer_trainings.py: times of different work say nothing.' },
  );
}

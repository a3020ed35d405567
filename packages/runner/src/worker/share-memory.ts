import { totalmem } from 'node:os';
import { constrainedMemory } from 'node:process';
import { MOST_SCORE_BYTES } from '@prunebench/training';

/** What all workers together may keep, which could be computed again, beside what they compute with. */
const SHARE = 1 / 16;

/**
 * Bytes that a worker may spend on what spares it work.
 *
 * @param workers how many share the memory
 * @param machine bytes of the machine
 * @param limit bytes that a container allows; 0 where nothing does
 */
export function shareOfMemory(
  workers: number,
  machine: number = totalmem(),
  limit: number = constrainedMemory(),
): number {
  const memory = limit > 0 ? Math.min(machine, limit) : machine;
  return Math.min(MOST_SCORE_BYTES, Math.floor((memory * SHARE) / workers));
}

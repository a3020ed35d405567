import { createHash } from 'node:crypto';
import type { Masks } from '../parameters.ts';

/**
 * Digest of which values are left, as 32 hexadecimal digits: the SHA-256 of every name and mask in the order of the names. A mask that
 * removes nothing counts like none.
 */
export function maskDigest(masks: Masks): string {
  const hash = createHash('sha256');
  for (const name of Object.keys(masks).sort())
    if (masks[name].includes(0)) hash.update(`${name}\0${masks[name].length}\0`).update(masks[name]);
  return hash.digest('hex').slice(0, 32);
}

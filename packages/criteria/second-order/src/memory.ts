import { PrunebenchError } from '@prunebench/core';
import { z } from 'zod';

const GIB = 2 ** 30;

/** Option of every criterion that stores matrices. A fixed number, so that a trial runs or is refused alike on every machine. */
export const memoryLimit = z
  .number()
  .positive()
  .default(2)
  .describe('GiB that the curvature may take; more is refused before anything is computed');

/**
 * Refuses what does not fit, before it is allocated.
 *
 * @param bytes what the criterion will hold at its peak
 * @param remedy which option or criterion needs less
 * @throws PrunebenchError
 */
export function requireMemory(criterion: string, bytes: number, limit: number, remedy: string): void {
  if (bytes <= limit * GIB) return;
  throw new PrunebenchError(
    `${criterion} would need ${(bytes / GIB).toFixed(2)} GiB for its curvature, more than its option memoryLimit of ${limit} GiB.`,
    { remedy },
  );
}

import { PrunebenchError, type Subject } from '@prunebench/core';
import { z } from 'zod';

const GIB = 2 ** 30;

/** Option of every criterion that stores matrices. A fixed number, so that a trial runs or is refused alike on every machine. */
export const memoryLimit = z
  .number()
  .positive()
  .default(2)
  .describe('GiB that the curvature may take; more is refused before anything is computed');

/** What is known before anything is trained: how much memory a criterion takes depends on nothing else of its subject. */
export type Shapes = Pick<Subject, 'network'>;

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

/**
 * Remembers what `make` gives for each key, so that compensation finds what scoring has computed; where `fits` is false, every call
 * makes it anew.
 */
export function remembered<Key extends object, Value>(make: (key: Key) => Value, fits: boolean): (key: Key) => Value {
  if (!fits) return make;
  const known = new Map<Key, Value>();
  return (key) => {
    const value = known.get(key) ?? make(key);
    known.set(key, value);
    return value;
  };
}

/** Whether something may be kept for the compensation besides what the criterion holds at its peak. */
export function fitsBeside(kept: number, bytes: number, limit: number): boolean {
  return kept + bytes <= limit * GIB;
}

import { createHash } from 'node:crypto';
import { configure } from 'safe-stable-stringify';
import { z } from 'zod';

const stringify = configure({ strict: true, deterministic: true });

/**
 * JSON with sorted keys and no white space: equal values give equal text. Properties that are `undefined` count as absent;
 * numbers are written so that they read back exactly; dates as JSON writes them.
 *
 * @throws TypeError for what JSON cannot hold: NaN, infinities, functions, `undefined` in a list, other class instances, cycles
 */
export function canonicalJson(value: unknown): string {
  const text = stringify(value, refuseInstances);
  if (text === undefined) throw new TypeError('canonicalJson: undefined has no JSON');
  return text;
}

/** A `contentHash` that was read from a file: it may become part of a path. */
export const contentKey = z.string().regex(/^[0-9a-f]{32}$/, 'must be 32 hexadecimal digits');

/** First 128 bits of the SHA-256 of `canonicalJson(value)`, as 32 hexadecimal digits. */
export function contentHash(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex').slice(0, 32);
}

function refuseInstances(this: unknown, key: string, value: unknown): unknown {
  if (value === undefined && Array.isArray(this))
    throw new TypeError(`canonicalJson: entry ${key} of a list is undefined`);
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null)
      throw new TypeError(`canonicalJson: ${key || 'the value'} is a ${prototype.constructor.name}, not plain data`);
  }
  return value;
}

import { z } from 'zod';
import { PrunebenchError } from '../errors.ts';

const PLAIN = /^[a-z0-9][a-z0-9._-]{0,99}$/i;
const RULE = "letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100 of them";

/** What entries are named by: it stands in paths, on command lines and in links, so that no name can mean another place. */
export const plainId = z.string().regex(PLAIN, `must be ${RULE}`);

/**
 * For ids that come from outside.
 *
 * @param what how the message calls the kind of thing: "benchmark", "model" ...
 * @throws PrunebenchError for an id that is not plain
 */
export function refuseOddId(what: string, id: string): void {
  if (plainId.safeParse(id).success) return;
  throw new PrunebenchError(`The id ${JSON.stringify(id)} of a ${what} cannot be part of a file's name.`, {
    remedy: `Use ${RULE}; titles and series may hold anything.`,
  });
}

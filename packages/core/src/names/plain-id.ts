import { z } from 'zod';
import { PrunebenchError } from '../errors.ts';

const ID = '[A-Za-z0-9][A-Za-z0-9._-]{0,99}';
const PLAIN = new RegExp(`^${ID}$`);
const RULE = "letters, digits, '.', '_' and '-', beginning with a letter or digit, at most 100 of them";

/** Stands between the id of a benchmark and what is different in a table that is derived from it; no id has it. */
export const DERIVED = '@';
const CHANGE = '[A-Za-z0-9][A-Za-z0-9._=+,-]{0,99}';
const CHANGES = new RegExp(`^${CHANGE}$`);

/** What entries are named by: it stands in paths, on command lines and in links, so that no name can mean another place. */
export const plainId = z.string().regex(PLAIN, `must be ${RULE}`);

/** What names a table and its folder: the id of a benchmark, or "<id>@<changes>" of one that is derived. */
export const tableName = z
  .string()
  .regex(
    new RegExp(`^${ID}(${DERIVED}${CHANGE})?$`),
    `must be ${RULE}; behind a '@' what is different in a derived table, where '=', '+' and ',' may stand too`,
  );

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

/**
 * As `refuseOddId`, for what names a table and its folder: the id of a benchmark, or "<id>@<changes>" of one that is derived.
 *
 * @throws PrunebenchError for a name that is neither
 */
export function refuseOddTable(name: string): void {
  const at = name.indexOf(DERIVED);
  if (at < 0 || !isPlainChange(name.slice(at + 1))) refuseOddId('benchmark', name);
  else refuseOddId('benchmark', name.slice(0, at));
}

/** Whether a text can say in the name of a derived table what is different in it. */
export function isPlainChange(text: string): boolean {
  return CHANGES.test(text);
}

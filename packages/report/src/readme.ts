import { PrunebenchError } from '@prunebench/core';

/** Everything between these two lines of a README is the report's. */
export const START = '<!-- table:start -->';
export const END = '<!-- table:end -->';

/**
 * A README with everything between its two table markers replaced by `block`.
 * Throws PrunebenchError, naming `file`, unless each marker occurs once and they come in order.
 */
export function replaceBlock(text: string, block: string, file: string): string {
  const [before, rest, ...more] = text.split(START);
  const [, after, ...others] = (rest ?? '').split(END);
  if (rest === undefined || after === undefined || more.length + others.length > 0 || before!.includes(END)) {
    throw new PrunebenchError(`${file} has no single place for its table.`, {
      remedy: `Put the lines ${START} and ${END}, once each and in this order, where the table belongs.`,
    });
  }
  return `${before}${START}\n\n${block.trim()}\n\n${END}${after}`;
}

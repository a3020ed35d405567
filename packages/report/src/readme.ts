import { PrunebenchError, type ScaleName, scales } from '@prunebench/core';

/** Everything between these two lines of a README is the report's. */
export const START = '<!-- table:start -->';
export const END = '<!-- table:end -->';

const SELECTED = new RegExp(
  `<!-- table:start benchmark=(\\S+) network=(\\S+) scale=(${scales.join('|')})(?: rows="([^"]+)")?(?: columns="([^"]+)")? -->`,
  'g',
);

/** A place for the table of one network at one scale, in a README that is not the benchmark's own. */
export interface Selection {
  /** The line that opens it. */
  readonly start: string;
  readonly benchmark: string;
  readonly network: string;
  readonly scale: ScaleName;
  /** What the first cells of the wanted rows say, in this order; all rows when left out. */
  readonly rows?: readonly string[] | undefined;
  /** Heads of the wanted columns beside the first; all when left out. */
  readonly columns?: readonly string[] | undefined;
}

/** The places for selected tables in a README, in order. */
export function selectionsIn(text: string): Selection[] {
  return [...text.matchAll(SELECTED)].flatMap(([start, benchmark, network, name, rows, columns]) =>
    scales
      .filter((scale) => scale === name)
      .map((scale) => ({ start, benchmark, network, scale, rows: named(rows), columns: named(columns) })),
  );
}

/** Names in a marker, between semicolons. */
function named(list: string | undefined): readonly string[] | undefined {
  return list?.split(';').map((name) => name.trim());
}

/**
 * A README with everything between `start` and the next end marker replaced by `block`.
 *
 * @throws PrunebenchError, naming `file`, unless the first line occurs once and the end marker comes after it, with no other place in
 * between
 */
export function replaceBlock(text: string, block: string, file: string, start = START): string {
  const { before, after } = placeIn(text, file, start);
  return `${before}${start}\n\n${block.trim()}\n\n${END}${after}`;
}

/**
 * What stands between `start` and its end marker.
 *
 * @throws PrunebenchError as `replaceBlock` does
 */
export function blockIn(text: string, file: string, start = START): string {
  return placeIn(text, file, start).block;
}

function placeIn(text: string, file: string, start: string): { before: string; block: string; after: string } {
  const [before, rest, ...more] = text.split(start);
  const end = rest?.indexOf(END) ?? -1;
  if (rest === undefined || end < 0 || more.length > 0 || rest.slice(0, end).includes('<!-- table:start')) {
    throw new PrunebenchError(`${file} has no single place for its table.`, {
      remedy: `Put the lines ${start} and ${END}, once each and in this order, where the table belongs.`,
    });
  }
  return { before, block: rest.slice(0, end), after: rest.slice(end + END.length) };
}

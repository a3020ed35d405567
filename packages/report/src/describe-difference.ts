import type { ChangedValue } from './changed-values.ts';
import type { Difference } from './verify.ts';

/** Longer lines (a plot is one line) are shown around their first difference alone. */
const LONGEST = 160;
/** How much of such a line stands before the difference. */
const BEFORE = 60;

/** A difference in lines for readers: where it is, down to row and column of a table, and what either side says. */
export function describeDifference({ file, line, expected, found, values }: Difference): readonly string[] {
  const place = line === null ? file : `${file}:${line}`;
  if (values.length > 0) return [place, ...values.flatMap(describeValue)];
  return [place, ...twoSides(...excerpts(expected, found))];
}

function describeValue({ table, row, column, expected, found }: ChangedValue): readonly string[] {
  return [
    ...(table ? [`  table:            ${table}`] : []),
    `  row:              ${row}`,
    `  column:           ${column}`,
    ...twoSides(expected, found),
  ];
}

function twoSides(expected: string, found: string): readonly string[] {
  const shown = (text: string) => (text === '' ? '(nothing)' : text);
  return [`  from the records: ${shown(expected)}`, `  in the file:      ${shown(found)}`];
}

/** Both texts where they are short, else the parts around the first place where they differ. */
function excerpts(expected: string, found: string): [string, string] {
  if (Math.max(expected.length, found.length) <= LONGEST) return [expected, found];
  let same = 0;
  while (same < expected.length && expected[same] === found[same]) same++;
  const start = Math.max(0, same - BEFORE);
  const part = (text: string) =>
    `${start > 0 ? '…' : ''}${text.slice(start, start + LONGEST)}${text.length > start + LONGEST ? '…' : ''}`;
  return [part(expected), part(found)];
}

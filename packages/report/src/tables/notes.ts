import type { Standing } from '../statistics/ranks.ts';
import { seedCount } from '../summary/cell.ts';
import { withheldNote } from '../summary/speedup.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { budgetNote } from './budget.ts';
import type { TableKind } from './kind.ts';
import { UNITS_LEFT } from './recorded-columns.ts';
import type { Table, Value } from './table.ts';

export const NOTES = {
  single: 'After the last epoch.',
  interval: 'Mean over seeds ± half the 95 % t-interval, after the last epoch.',
  cut: 'An interval that would leave what is possible (0 to 100 %, no to all parameters) is cut there, and both its ends stand in brackets.',
  level:
    '≈ not separated from the best by the paired t-test (5 %, Holm-corrected over all pairs of series in the column), and its mean lies in the interval of the best; without a mark: separated, or farther off.',
  collapse:
    '‡ a layer lost all its weights, or no weight is left on a path from input to output (in how many of the seeds).',
  recalled: '† quoted from memory, not yet checked against the paper.',
  bestEpoch: '§ the paper prints its best test epoch, not the last.',
  achieved: 'the share of the weights that was really removed, far from what was asked for.',
  units: 'What was asked for is a share of units; the weights that go with them are another share.',
  unitsLeft:
    'Units left: on a path from input to output, layer by layer without the last (before a dense layer also the features it reads, where these are no units), mean over seeds.',
  at: 'A published value that was measured at another sparsity stands in the nearest column, where one is near, and says where.',
} as const;

/** What differs between renderers: how the best is set apart, and how the word *at* is quoted. */
export interface LegendWords {
  /** "Bold: the best." */
  readonly best: string;
  readonly at: string;
}

/** The legend of a table: what the numbers are, for how long was trained, and every mark that occurs. */
export function legendOf(
  network: NetworkSummary,
  { note, notesSpeed }: TableKind,
  { columns, rows }: Table,
  words: LegendWords,
): string {
  const counts = [...new Set(network.cells.map(seedCount))].sort((a, b) => a - b).join(' to ');
  const values = rows.flat(2);
  const measured = [...columns, ...textsOf(values.filter(({ published }) => !published))];
  const printed = textsOf(values.filter(({ published }) => published));
  const occurs = (mark: RegExp) => [...measured, ...printed].some((text) => mark.test(text));
  const has = (wanted: Standing) => values.some(({ text, standing }) => standing === wanted && text !== '');
  return [
    `${counts} ${counts === '1' ? 'seed' : 'seeds'}. ${note(network, counts)}`,
    budgetNote(network),
    notesSpeed && withheldNote(network.cells),
    occurs(/ \([\d.]+ to [\d.]+\)/) && NOTES.cut,
    has('best') && words.best,
    (has('level') || occurs(/≈/)) && NOTES.level,
    occurs(/‡/) && NOTES.collapse,
    occurs(/†/) && NOTES.recalled,
    occurs(/§/) && NOTES.bestEpoch,
    printed.some((text) => AT.test(text)) && NOTES.at,
    measured.some((text) => AT.test(text)) && `${words.at}: ${NOTES.achieved}`,
    network.granularity === 'unit' && NOTES.units,
    columns.some((head) => head.includes(UNITS_LEFT)) && NOTES.unitsLeft,
  ]
    .filter((line) => typeof line === 'string')
    .join(' ');
}

const AT = / at [\d.]+ %/;

/** A value's text with what is said behind it. */
function textsOf(values: readonly Value[]): readonly string[] {
  return values.map(({ text, remarks = [] }) => [text, ...remarks].join(' '));
}

import { seedCount } from '../summary/cell.ts';
import { withheldNote } from '../summary/speedup.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import { budgetNote } from './budget.ts';
import type { TableKind } from './kind.ts';
import { UNITS_LEFT } from './recorded-columns.ts';

export const NOTES = {
  single: 'After the last epoch.',
  interval: 'Mean over seeds ± half the 95 % t-interval, after the last epoch.',
  cut: 'An interval that would leave what is possible (0 to 100 %, no to all parameters) is cut there, and both its ends stand in brackets.',
  bold: 'Bold: the best.',
  level:
    '≈ not separated from the best by the paired t-test (5 %, Holm-corrected over all pairs of series in the column), and its mean lies in the interval of the best; without a mark: separated, or farther off.',
  collapse:
    '‡ a layer lost all its weights, or no weight is left on a path from input to output (in how many of the seeds).',
  recalled: '† quoted from memory, not yet checked against the paper.',
  bestEpoch: '§ the paper prints its best test epoch, not the last.',
  achieved: '*At*: the share of the weights that was really removed, far from what was asked for.',
  units: 'What was asked for is a share of units; the weights that go with them are another share.',
  unitsLeft:
    'Units left: on a path from input to output, layer by layer without the last (before a dense layer also the features it reads, where these are no units), mean over seeds.',
  at: 'A published value that was measured at another sparsity stands in the nearest column, where one is near, and says where.',
} as const;

/** The legend of a table, given its text: what the numbers are, for how long was trained, and every mark that occurs. */
export function legendOf(network: NetworkSummary, { note, notesSpeed }: TableKind, table: string): string {
  const counts = [...new Set(network.cells.map(seedCount))].sort((a, b) => a - b).join(' to ');
  return [
    `${counts} ${counts === '1' ? 'seed' : 'seeds'}. ${note(network, counts)}`,
    budgetNote(network),
    notesSpeed && withheldNote(network.cells),
    / \([\d.]+ to [\d.]+\)/.test(table) && NOTES.cut,
    table.includes('**') && NOTES.bold,
    table.includes('≈') && NOTES.level,
    table.includes('‡') && NOTES.collapse,
    table.includes('†') && NOTES.recalled,
    table.includes('§') && NOTES.bestEpoch,
    / at [\d.]+ %\*/.test(table) && NOTES.at,
    / at [\d.]+ %(?!\*)/.test(table) && NOTES.achieved,
    network.granularity === 'unit' && NOTES.units,
    table.split('\n', 1).some((head) => head.includes(UNITS_LEFT)) && NOTES.unitsLeft,
  ]
    .filter((line) => typeof line === 'string')
    .join(' ');
}

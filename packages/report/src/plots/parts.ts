import type { NetworkSummary } from '../summary/summary.ts';
import { splitName } from './style.ts';

type Series = NetworkSummary['series'][number];

/** More lines in one panel cannot be told apart. */
export const MOST_SERIES = 8;

/** The series of one panel. */
export interface PanelPart {
  readonly series: ReadonlySet<string>;
  /** What sets the panel apart from the others of its network; empty where it is the only one. */
  readonly label: string;
}

/**
 * Parts the series of a network, so that no panel has more than `MOST_SERIES`. Variants of one kind (what follows the first comma of
 * their names) stay together, and so do controls, as far as there is room.
 */
export function panelParts(series: readonly Series[]): readonly PanelPart[] {
  if (series.length <= MOST_SERIES) return [{ series: new Set(series.map(({ name }) => name)), label: '' }];
  const kinds = Map.groupBy(series, ({ name, control }) => (control ? 'control' : `method, ${splitName(name).tail}`));
  const parts: Series[][] = [];
  for (const group of [...kinds.values()].flatMap(evenly)) {
    const last = parts.at(-1);
    if (last !== undefined && last.length + group.length <= MOST_SERIES) last.push(...group);
    else parts.push([...group]);
  }
  const others = parts.filter((part) => part.some(({ control }) => !control));
  return parts.map((part) => ({
    series: new Set(part.map(({ name }) => name)),
    label: labelOf(part, others),
  }));
}

function labelOf(part: readonly Series[], others: readonly (readonly Series[])[]): string {
  if (!others.includes(part)) return 'controls';
  return others.length === 1 ? 'methods' : `part ${others.indexOf(part) + 1} of ${others.length}`;
}

/** As few groups as there need be, of about one size. */
function evenly(group: readonly Series[]): Series[][] {
  const count = Math.ceil(group.length / MOST_SERIES);
  const size = Math.ceil(group.length / count);
  return Array.from({ length: count }, (_, index) => group.slice(index * size, (index + 1) * size));
}

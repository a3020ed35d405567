import type { Cell } from '../summary/cell.ts';
import type { NetworkSummary } from '../summary/summary.ts';
import type { Compared } from './compared.ts';
import { isSeparated, type PairedTest, TOO_FEW } from './paired-tests.ts';

/** How a table marks a cell: the best of its column, or level with it. */
export type Standing = 'best' | 'level';

/**
 * The rank of every cell among the series of its network at its point: one more than the number of series that are
 * separated from it and better, so that series which the tests cannot tell apart share a rank.
 * A cell is not ranked (null) when one of its seeds failed, or when no test could be made for want of seeds.
 */
export function rankCells(network: NetworkSummary, tests: readonly PairedTest[]): ReadonlyMap<Cell, number | null> {
  const beaten = new Map<string, number>();
  const tested = new Set<string>();
  const name = (series: string, at: number) => JSON.stringify([series, at]);
  for (const test of tests) {
    if (test.note === TOO_FEW) continue;
    tested.add(name(test.first, test.at)).add(name(test.second, test.at));
    if (!isSeparated(test)) continue;
    const loser = name(test.better === test.first ? test.second : test.first, test.at);
    beaten.set(loser, (beaten.get(loser) ?? 0) + 1);
  }
  return new Map(
    network.cells.map((cell) => {
      const key = name(cell.series, cell.at);
      const ranked = cell.failures.length === 0 && tested.has(key);
      return [cell, ranked ? 1 + (beaten.get(key) ?? 0) : null];
    }),
  );
}

/**
 * The cells that a table marks. The best of a column is the ranked cell with the best mean (all of them, where means are
 * equal). Level with it is a ranked cell that the tests do not separate from it and whose mean lies in the best's 95 % interval:
 * with few seeds a wide spread is never separated, however far off its mean is.
 */
export function standings(
  network: NetworkSummary,
  tests: readonly PairedTest[],
  compared: Compared,
): ReadonlyMap<Cell, Standing> {
  const ranks = rankCells(network, tests);
  const ranked = network.cells.filter((cell) => ranks.get(cell) !== null);
  const columns = Map.groupBy(ranked, ({ at }) => at);
  return new Map(
    [...columns].flatMap(([at, cells]) =>
      columnStandings(
        cells,
        compared,
        tests.filter((test) => test.at === at),
      ),
    ),
  );
}

function columnStandings(cells: readonly Cell[], compared: Compared, tests: readonly PairedTest[]): [Cell, Standing][] {
  const estimateOf = (cell: Cell) => compared.over(cell)!;
  const sign = compared.better === 'lower' ? -1 : 1;
  const best = cells.reduce((a, b) => (sign * (estimateOf(b).mean - estimateOf(a).mean) > 0 ? b : a));
  const { low, high } = estimateOf(best);
  return cells.flatMap((cell): [Cell, Standing][] => {
    if (cell === best) return [[cell, 'best']];
    const names = [cell.series, best.series];
    const test = tests.find(({ first, second }) => names.includes(first) && names.includes(second));
    if (!test || test.note === TOO_FEW) return [];
    if (test.better === null) return [[cell, 'best']];
    const { mean } = estimateOf(cell);
    return !isSeparated(test) && mean >= low! && mean <= high! ? [[cell, 'level']] : [];
  });
}

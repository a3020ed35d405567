import { isSeparated, type PairedTest, TOO_FEW } from './paired-tests.ts';
import type { Cell, NetworkSummary } from './summary.ts';

/**
 * The rank of every cell among the series of its network at its sparsity: one more than the number of series that are
 * separated from it and better, so that series which the tests cannot tell apart share a rank.
 * A cell is not ranked (null) when one of its seeds failed, or when no test could be made for want of seeds.
 */
export function rankCells(network: NetworkSummary, tests: readonly PairedTest[]): ReadonlyMap<Cell, number | null> {
  const beaten = new Map<string, number>();
  const tested = new Set<string>();
  const name = (series: string, sparsity: number) => JSON.stringify([series, sparsity]);
  for (const test of tests) {
    if (test.note === TOO_FEW) continue;
    tested.add(name(test.first, test.sparsity)).add(name(test.second, test.sparsity));
    if (!isSeparated(test)) continue;
    const loser = name(test.better === test.first ? test.second : test.first, test.sparsity);
    beaten.set(loser, (beaten.get(loser) ?? 0) + 1);
  }
  return new Map(
    network.cells.map((cell) => {
      const key = name(cell.series, cell.sparsity);
      const ranked = cell.failures.length === 0 && tested.has(key);
      return [cell, ranked ? 1 + (beaten.get(key) ?? 0) : null];
    }),
  );
}

import type { Scores, Subject } from '@prunebench/core';

/** ½ w² h with h = `sums` / count; 0 for weights that are pruned already. */
export function diagonalSaliencies(
  subject: Subject,
  sums: Readonly<Record<string, Float64Array>>,
  count: number,
): Scores {
  return Object.fromEntries(
    Object.entries(sums).map(([name, values]) => {
      const weights = subject.parameters[name].values;
      const mask = subject.masks[name];
      return [name, values.map((sum, i) => (mask?.[i] === 0 ? 0 : (weights[i] ** 2 * sum) / (2 * count)))];
    }),
  );
}

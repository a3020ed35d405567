import { PrunebenchError } from '../errors.ts';

/**
 * Refuses what is no scores at all, before anything is kept or ranked: a criterion in JavaScript may return whatever it likes.
 * Whether they fit the network is for `checkScores`.
 *
 * @throws PrunebenchError naming the criterion, and the kernel
 */
export function refuseOddScores(id: string, scores: unknown): void {
  const fault = (what: string) =>
    new PrunebenchError(`Criterion ${id} returns ${what}.`, {
      remedy:
        'Return an object that has, by the name of each prunable kernel, its scores as a Float32Array or Float64Array.',
    });
  if (typeof scores !== 'object' || scores === null || Array.isArray(scores) || ArrayBuffer.isView(scores))
    throw fault(`${kindOf(scores)} instead of scores by kernel name`);
  for (const [name, values] of Object.entries(scores))
    if (!(values instanceof Float32Array || values instanceof Float64Array))
      throw fault(`${kindOf(values)} as the scores of ${name}`);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'a plain array';
  return typeof value === 'object' ? `an object (${value.constructor?.name ?? 'Object'})` : `a ${typeof value}`;
}

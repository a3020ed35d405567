import { PrunebenchError } from './errors.ts';
import type { Network } from './graph/layer.ts';
import type { ParameterSpec } from './graph/parameter-specs.ts';
import type { Scores } from './parameters.ts';

/** @throws PrunebenchError unless exactly the kernels of `specs` have scores */
export function checkNames(network: Network, scores: Scores, specs: readonly ParameterSpec[]): void {
  const names = specs.map(({ name }) => name);
  const unknown = Object.keys(scores).filter((name) => !names.includes(name));
  const missing = names.filter((name) => !Object.hasOwn(scores, name));
  if (unknown.length === 0 && missing.length === 0) return;
  const faults = [
    ...(unknown.length > 0 ? [`not prunable: ${unknown.join(', ')}`] : []),
    ...(missing.length > 0 ? [`missing: ${missing.join(', ')}`] : []),
  ];
  throw new PrunebenchError(`The scores do not fit network ${network.name} (${faults.join('; ')}).`, {
    remedy: `Score each of ${names.join(', ')} and nothing else.`,
  });
}

/**
 * The scores, as they are.
 *
 * @throws PrunebenchError for a wrong number of scores, and for NaN and infinities among the live ones
 */
export function checkedScores(
  name: string,
  scores: Float32Array | Float64Array,
  alive: Uint8Array,
  what: 'weight' | 'output unit',
): Float32Array | Float64Array {
  if (scores.length !== alive.length)
    throw new PrunebenchError(`${name} has ${alive.length} ${what}s, but ${scores.length} scores.`, {
      remedy: `Give one score for every ${what}.`,
    });
  for (let i = 0; i < scores.length; i++)
    if (!Number.isFinite(scores[i]) && alive[i] !== 0)
      throw new PrunebenchError(`The score of ${name} at flat index ${i} is ${scores[i]}.`, {
        remedy: 'Only finite scores can be ranked: look for diverged weights, or for an overflow in the criterion.',
      });
  return scores;
}

import { DivergenceError, PrunebenchError } from '../errors.ts';
import { firstNotFinite } from '../finite.ts';
import type { Network } from '../graph/layer.ts';
import { type ParameterSpec, prunableSpecs, sizeOf } from '../graph/parameter-specs.ts';
import { prunableUnits } from '../graph/units.ts';
import type { Scores } from '../parameters.ts';
import type { Granularity } from './prune-options.ts';

/** The kernels that scores of a granularity are about, in layer order. */
export function scoredKernels(network: Network, granularity: Granularity): readonly ParameterSpec[] {
  if (granularity === 'weight') return prunableSpecs(network);
  const units = new Set(prunableUnits(network));
  return prunableSpecs(network).filter(({ name }) => units.has(name));
}

/**
 * Looks once through what a criterion hands over, so that a mistake in it is reported under its name and never becomes a plausible
 * number in a table: one finite score for each weight of each prunable kernel (or for each unit of each kernel whose units may be
 * removed), pruned ones too, and no others.
 *
 * @param by whose scores they are, as messages call it: "Criterion snip"
 * @param more whether other parameters may have scores as well: a threshold rule, which ranks by itself, may remove biases
 * @throws PrunebenchError naming `by` and the kernel
 * @throws DivergenceError naming `by`, kernel and index for a score that is NaN or infinite: an infinite one is an overflow, and
 *   cannot be ranked against another
 */
export function checkScores(
  network: Network,
  scores: Scores,
  granularity: Granularity,
  { by = 'The caller', more = false }: { readonly by?: string | undefined; readonly more?: boolean } = {},
): void {
  const fault = (what: string, remedy: string) => new PrunebenchError(`${by} ${what}.`, { remedy });
  const specs = scoredKernels(network, granularity);
  const names = specs.map(({ name }) => name);
  const extra = Object.keys(scores).filter((name) => !names.includes(name));
  const each = `Score each of ${names.join(', ')} and nothing else.`;
  if (extra.length > 0 && !more)
    throw fault(`scores ${extra.join(', ')}, which is not prunable at granularity ${granularity}`, each);
  for (const { name, shape } of specs) {
    if (!Object.hasOwn(scores, name)) throw fault(`gives no scores for ${name}`, each);
    const values = scores[name];
    const wanted = granularity === 'weight' ? sizeOf(shape) : shape[shape.length - 1];
    if (values.length !== wanted)
      throw fault(
        `gives ${values.length} scores for ${name}, which has ${wanted} ${granularity}s`,
        `Give one score for every ${granularity}.`,
      );
    const bad = firstNotFinite(values);
    if (bad >= 0)
      throw new DivergenceError(
        `${by} gives the score ${values[bad]} for ${name}, flat index ${bad}.`,
        'This is a mistake in the criterion (an overflow), or the network has diverged before it was scored.',
      );
  }
}

import { describePoint, isObject, type Network, PrunebenchError, pointOf, type Step } from '@prunebench/core';
import type { Registry } from '../registry.ts';
import { declaredSteps } from './declared.ts';
import { networkId } from './network-facts.ts';
import type { Trial } from './plan.ts';

/**
 * Refuses trials whose criterion needs more memory for their network than it may take, before anything is trained for them: what the
 * criterion itself would say after the training before it.
 *
 * @throws PrunebenchError naming the series, the network and the criterion
 */
export function refuseOversizedTrials(trials: readonly Trial[], registry: Registry): void {
  const networks = new Map<string, Network>();
  const seen = new Set<string>();
  for (const { series, spec } of trials) {
    const cell = JSON.stringify({ ...spec, seed: null });
    if (seen.has(cell)) continue;
    seen.add(cell);
    const id = networkId(spec.dataset, spec.network);
    const network =
      networks.get(id) ?? registry.network(spec.network).build(registry.datasets.get(spec.dataset)!.shape);
    networks.set(id, network);
    for (const { id, options } of declaredSteps(spec, network, registry).flatMap(criterionOf))
      try {
        registry.criteria.get(id)?.checkMemory?.(network, options);
      } catch (error) {
        if (!(error instanceof PrunebenchError)) throw error;
        throw new PrunebenchError(
          `Series "${series}" (${spec.network} on ${spec.dataset}, ${describePoint(pointOf(spec))}): ${error.message}`,
          { ...(error.remedy !== undefined && { remedy: error.remedy }), cause: error },
        );
      }
  }
}

/** The criterion of a step that scores, with its options as they are written. */
function criterionOf({ options }: Step): { readonly id: string; readonly options: unknown }[] {
  const { criterion, criterionOptions = {} } = options;
  return typeof criterion === 'string' && isObject(criterionOptions)
    ? [{ id: criterion, options: criterionOptions }]
    : [];
}

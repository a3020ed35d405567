import type { Registry } from '../registry.ts';
import { networkId } from './network-facts.ts';
import type { Trial } from './plan.ts';

/**
 * Loads what networks bring along that were trained elsewhere, each once: a file whose parameters do not fit is one error before
 * anything is computed, and not one for each trial.
 *
 * @throws PrunebenchError naming what does not fit
 */
export async function refuseMismatched(trials: readonly Trial[], registry: Registry): Promise<void> {
  const seen = new Set<string>();
  for (const { spec } of trials) {
    const id = networkId(spec.dataset, spec.network);
    const { pretrained, build } = registry.network(spec.network);
    if (!pretrained || seen.has(id)) continue;
    seen.add(id);
    await pretrained.load(build(registry.datasets.get(spec.dataset)!.shape));
  }
}

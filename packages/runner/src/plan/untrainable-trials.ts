import { refuseUntrainable } from '@prunebench/network';
import type { Registry } from '../registry.ts';
import type { WorkerInfo } from '../worker/protocol.ts';
import type { Trial } from './plan.ts';

/**
 * Refuses what a run's backend has no gradients of, before any data is loaded: nearly every method trains or asks for gradients.
 *
 * @throws PrunebenchError naming the backend, the network and the layer
 */
export function refuseUntrainableTrials(
  trials: readonly Trial[],
  registry: Registry,
  { backend: name, untrainable }: WorkerInfo,
): void {
  for (const { spec } of trials) {
    const { shape } = registry.datasets.get(spec.dataset)!;
    refuseUntrainable(registry.network(spec.network).build(shape), { name, untrainable });
  }
}

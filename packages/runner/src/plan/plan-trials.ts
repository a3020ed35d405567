import type { TrialCodes } from '../code/trial-code.ts';
import type { Registry } from '../registry.ts';
import { workOf } from '../schedule/work.ts';
import { describeNetworks, networkId } from './network-facts.ts';
import { planStages, type RunPlan, type Trial } from './plan.ts';

/** The stages of trials on one backend, and how much there is to do in them. */
export interface TrialsPlan {
  readonly plan: RunPlan;
  /** Work of every stage that is not among these finished ones, by key; see `workOf`. */
  work(finished: ReadonlySet<string>): ReadonlyMap<string, number>;
}

/**
 * Plans the stages of trials as this code computes them on a backend. Data sets are loaded, so that what is missing is said
 * before anything is computed.
 *
 * @param codes where the trials' code was located
 */
export async function planTrials(
  trials: readonly Trial[],
  registry: Registry,
  codes: TrialCodes,
  { backend, instructions }: { readonly backend: string; readonly instructions?: string | undefined },
): Promise<TrialsPlan> {
  const networks = await describeNetworks(trials, registry);
  const factsOf = (dataset: string, network: string) => networks.get(networkId(dataset, network))!;
  const plan = planStages(trials, registry, {
    backend,
    ...(instructions !== undefined && { instructions }),
    network: ({ spec }) => factsOf(spec.dataset, spec.network).network,
    datasetChecksum: ({ spec }) => factsOf(spec.dataset, spec.network).checksum,
    code: ({ spec }, steps) => codes.stage(spec, steps, backend),
  });
  const multiplyAdds = (stage: { dataset: string; network: string }) =>
    factsOf(stage.dataset, stage.network).multiplyAdds;
  return { plan, work: (finished) => workOf(plan, registry, finished, multiplyAdds) };
}

/** How long stages take, by what the same kinds of steps took before. */
import { costOf, isObject, type Network, type Step, type TrialRecord } from '@prunebench/core';
import { lookUp } from '../options/suggest.ts';
import { declaredSteps } from '../plan/declared.ts';
import type { Stage } from '../plan/plan.ts';
import type { Registry } from '../registry.ts';
import { stepWork } from '../schedule/work.ts';

/** Thread-seconds for each unit of work that steps of a kind took, from the most particular name of the kind on. */
export interface Pace {
  /** Trials that it is taken from. */
  readonly trials: number;
  /** The processors that they ran on. */
  readonly processors: readonly string[];
  /** Thread-seconds that a stage with this much work is going to take; undefined where no such step was ever taken. */
  secondsOf(stage: Stage, work: number): number | undefined;
}

/**
 * The pace of a backend. Where some records are of this processor, only they count.
 *
 * @param records of whatever table
 * @param here the processor of this machine
 */
export function paceOf(records: readonly TrialRecord[], registry: Registry, backend: string, here: string): Pace {
  const usable = records.filter(({ run, spec }) => run.backend === backend && isKnown(spec, registry));
  const own = usable.filter(({ run }) => run.host.cpu === here);
  const counted = own.length > 0 ? own : usable;
  const sums = new Map<string, { seconds: number; work: number }>();
  for (const [, records] of Map.groupBy(counted, ({ spec }) => placeName(spec))) {
    const network = networkOf(records[0].spec, registry);
    const multiplyAdds = costOf(network).multiplyAdds.dense;
    for (const record of records)
      for (const { step, seconds } of timedSteps(record, network, registry)) {
        const work = stepWork(step, registry) * multiplyAdds;
        for (const name of namesOf(record.spec, step)) {
          const sum = sums.get(name) ?? { seconds: 0, work: 0 };
          sums.set(name, { seconds: sum.seconds + seconds * record.run.threads, work: sum.work + work });
        }
      }
  }
  return {
    trials: counted.length,
    processors: [...new Set(counted.map(({ run }) => run.host.cpu))],
    secondsOf(stage, work) {
      const name = namesOf(stage, stage.steps.at(-1)!).find((each) => (sums.get(each)?.work ?? 0) > 0);
      if (name === undefined) return undefined;
      const { seconds, work: done } = sums.get(name)!;
      return (seconds / done) * work;
    },
  };
}

interface Place {
  readonly dataset: string;
  readonly network: string;
}

function isKnown({ dataset, network, method }: TrialRecord['spec'], registry: Registry): boolean {
  return registry.datasets.has(dataset) && registry.networks.has(network) && registry.methods.has(method);
}

function networkOf({ dataset, network }: Place, registry: Registry): Network {
  return registry.network(network).build(lookUp(registry.datasets, 'dataset', dataset).shape);
}

function placeName({ dataset, network }: Place): string {
  return `${network} on ${dataset}`;
}

/** The steps of a trial with their seconds; none where it failed on its way. */
function timedSteps(
  { spec, run }: TrialRecord,
  network: Network,
  registry: Registry,
): readonly { readonly step: Step; readonly seconds: number }[] {
  const steps = declaredSteps(spec, network, registry);
  const sameKinds = steps.length === run.stages.length && steps.every(({ kind }, i) => kind === run.stages[i].kind);
  return sameKinds ? steps.map((step, i) => ({ step, seconds: run.stages[i].seconds })) : [];
}

/** What a step may be timed as: with its criterion on its network, on its network, anywhere. */
function namesOf({ dataset, network }: Place, { kind, options }: Step): readonly string[] {
  const criterion = isObject(options) && typeof options.criterion === 'string' ? [options.criterion] : [];
  return [[dataset, network, kind, ...criterion], [kind, ...criterion], [dataset, network, kind], [kind]].map((name) =>
    name.join('\n'),
  );
}

import {
  type Benchmark,
  type Dataset,
  PrunebenchError,
  parsedOptions,
  pruneOptions,
  type ScaleName,
  type Step,
  trainOptions,
} from '@prunebench/core';
import type { JobNode, TableJob } from '@prunebench/speed';
import { lookUp } from '../options/suggest.ts';
import { type Filter, filterTrials } from '../plan/filter.ts';
import { declareTrials, planStages, type Trial } from '../plan/plan.ts';
import { trialsOf } from '../plan/trials-of.ts';
import type { Registry } from '../registry.ts';

/** What the peer is written for; whatever else a trial needs is left out on both sides. */
const KNOWN = {
  networks: ['lenet-300-100', 'lenet-5-caffe', 'resnet-20'],
  steps: ['train', 'prune', 'reinitialize'],
  criteria: ['magnitude', 'random', 'snip', 'gradient-magnitude'],
} as const;

export interface JobRequest {
  /** As the job calls it. */
  readonly table: string;
  readonly benchmark: Benchmark;
  readonly scale: ScaleName;
  readonly filters: readonly Filter[];
  readonly seeds: number;
}

/**
 * The declared trials of a table as plain data, with the same shared beginnings as a run of ours has.
 *
 * @throws PrunebenchError where the peer has none of them, and for trials on several data sets
 */
export async function describeJob(
  { table, benchmark, scale, filters, seeds }: JobRequest,
  registry: Registry,
): Promise<{ readonly job: TableJob; readonly dataset: Dataset }> {
  const declared = filterTrials(declareTrials(trialsOf(benchmark, scale), seeds, registry), filters);
  const plan = (trials: readonly Trial[]) =>
    planStages(trials, registry, {
      backend: 'any',
      network: ({ spec }) => networkOf(spec, registry),
      datasetChecksum: () => '',
    });
  const whole = plan(declared);
  const reasons = new Map<string, string>();
  for (const { series, spec, stages } of whole.trials) {
    const steps = stages.map((key) => whole.stages.get(key)!.steps.at(-1)!);
    const why = whyNot(spec.network, steps, registry);
    if (why !== undefined) reasons.set(series, why);
  }
  const { trials, stages } = plan(declared.filter(({ series }) => !reasons.has(series)));
  const [dataset, ...others] = new Set(trials.map(({ spec }) => spec.dataset));
  if (dataset === undefined || others.length > 0)
    throw new PrunebenchError(`The peer of tables has no trial of ${table}, or trials on several data sets.`, {
      remedy: [...reasons].map(([series, why]) => `${series}: ${why}.`).join(' '),
    });
  const entry = lookUp(registry.datasets, 'dataset', dataset);
  const data = await entry.load();
  const names = new Set(trials.map(({ spec }) => spec.network));
  return {
    dataset: data,
    job: {
      table,
      dataset,
      inputShape: entry.shape.inputShape,
      classes: entry.shape.classes,
      trainExamples: data.splits.train.size,
      networks: Object.fromEntries([...names].map((name) => [name, registry.network(name).initializer])),
      nodes: [...stages.values()].map(({ key, parent, network, seed, steps, evaluate }): JobNode => {
        const step = steps[steps.length - 1];
        return {
          key,
          parent,
          network,
          seed,
          evaluate,
          step: { kind: step.kind, options: wholeOptions(step, registry) },
        };
      }),
      trials: trials.map(({ name, series, spec, stages: nodes }) => ({
        ...{ name, series, nodes, seed: spec.seed },
        sparsity: spec.sparsity ?? 0,
      })),
      leftOut: [...reasons].map(([series, why]) => ({ series, why })),
    },
  };
}

function networkOf({ dataset, network }: Trial['spec'], registry: Registry) {
  return registry.network(network).build(lookUp(registry.datasets, 'dataset', dataset).shape);
}

/** The options of a step with all defaults, those of its criterion too. */
function wholeOptions({ kind, options }: Step, registry: Registry): Record<string, unknown> {
  if (kind === 'train') return trainOptions.parse(options);
  if (kind !== 'prune') return { ...options };
  const parsed = pruneOptions.parse(options);
  const criterion = lookUp(registry.criteria, 'criterion', parsed.criterion);
  return { ...parsed, criterionOptions: parsedOptions(criterion, parsed.criterionOptions) };
}

/** Why the peer cannot take these steps; undefined where it can. */
function whyNot(network: string, steps: readonly Step[], registry: Registry): string | undefined {
  const [name] = network.split('-w');
  if (!KNOWN.networks.some((known) => known === name)) return `network ${network} is not in the peer`;
  for (const step of steps) {
    if (!KNOWN.steps.some((known) => known === step.kind)) return `step ${step.kind} is not in the peer`;
    const why =
      step.kind === 'train' ? whyNoTraining(step, registry) : step.kind === 'prune' ? whyNoPruning(step) : undefined;
    if (why !== undefined) return why;
  }
  return undefined;
}

function whyNoTraining(step: Step, registry: Registry): string | undefined {
  const { extensions, from, to, evaluate } = trainOptions.parse(wholeOptions(step, registry));
  if (extensions.length > 0) return 'trainings with extensions are not in the peer';
  if (from > 0 || to < 1) return 'trainings in segments are not in the peer';
  return typeof evaluate === 'object' ? 'evaluations within an epoch are not in the peer' : undefined;
}

function whyNoPruning({ options }: Step): string | undefined {
  const { criterion, criterionOptions, granularity, of, exclude, allocation } = pruneOptions.parse(options);
  if (!KNOWN.criteria.some((known) => known === criterion)) return `criterion ${criterion} is not in the peer`;
  if (granularity !== 'weight' || of !== 'weights' || exclude.length > 0 || typeof allocation !== 'string')
    return 'of pruning, the peer has that of single weights of all layers alone';
  return criterionOptions.draw === 'new-every-round' ? 'batches drawn anew are not in the peer' : undefined;
}

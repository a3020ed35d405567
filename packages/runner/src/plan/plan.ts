/**
 * From a benchmark's declarations to work: trials, and the prefix tree of stages that they share.
 */
import {
  contentHash,
  describePoint,
  type HashedStep,
  type Network,
  PrunebenchError,
  pointOf,
  refuseCollisions,
  type Step,
  specPoint,
  type TrialDeclaration,
  type TrialSpec,
  trainOptions,
  trialSpec,
} from '@prunebench/core';
import { parseOptions } from '../options/parse-options.ts';
import { lookUp } from '../options/suggest.ts';
import type { Registry } from '../registry.ts';
import { checkDeclarations, declaredSteps } from './declared.ts';
import { type EvaluationPoints, evaluationPoints } from './evaluation-points.ts';
import { normalizeStep, stageKey, trialKeys } from './keys.ts';

/** One trial as declared, with its seed and identity; nothing that depends on data or backend. */
export interface Trial {
  readonly key: string;
  /** Name of its record's file without the ending: the key, or the key and a suffix where two series share one trial. */
  readonly name: string;
  readonly series: string;
  readonly control: boolean;
  readonly spec: TrialSpec;
}

export interface Stage {
  readonly key: string;
  readonly parent: string | null;
  readonly dataset: string;
  readonly network: string;
  readonly seed: number;
  /** All steps up to and with this one, normalised. */
  readonly steps: readonly HashedStep[];
  /** Keys of the stages before it, first step first (rewinding reads them). */
  readonly ancestors: readonly string[];
  /** Whether some record reports the accuracy of its state. */
  readonly evaluate: boolean;
}

export interface PlannedTrial extends Trial {
  /** Stage keys, first step first. */
  readonly stages: readonly string[];
  readonly points: EvaluationPoints;
}

export interface RunPlan {
  readonly trials: readonly PlannedTrial[];
  readonly stages: ReadonlyMap<string, Stage>;
}

/** What the stages' identity needs beyond the declarations. */
export interface PlanContext {
  readonly backend: string;
  /** See `StageIdentity`. */
  readonly instructions?: string;
  network(trial: Trial): Network;
  datasetChecksum(trial: Trial): string;
  /** Digest of the code that computes these first steps of a trial; without it stages of any code are the same. */
  code?(trial: Trial, steps: readonly Step[]): string;
}

/**
 * All trials of a benchmark at a scale: every declaration with every seed, seed by seed, so that a whole table at
 * fewer seeds is there early.
 *
 * @param seeds how many, from 0 on, or which
 * @throws PrunebenchError naming the trial and the field that is wrong, or two trials of one cell
 */
export function declareTrials(
  declarations: readonly TrialDeclaration[],
  seeds: number | readonly number[],
  registry: Registry,
): readonly Trial[] {
  checkDeclarations(declarations);
  const seriesOf = new Map<string, string>();
  const seen = new Set<string>();
  const each = typeof seeds === 'number' ? Array.from({ length: seeds }, (_, seed) => seed) : seeds;
  const keyOf = trialKeys(registry);
  const trials = each.flatMap((seed) =>
    declarations.map((declaration): Trial => {
      const spec = specOf(declaration, seed, registry);
      const key = keyOf(spec);
      const { series } = declaration;
      const name = seriesOf.has(key) ? `${key}-${contentHash(series).slice(0, 8)}` : key;
      if (seen.has(name) || seriesOf.get(key) === series)
        throw new PrunebenchError(`Series "${series}" declares the same trial twice: ${describeSpec(spec)}.`, {
          remedy: 'Remove one of the two from the benchmark.',
        });
      seen.add(name);
      if (name === key) seriesOf.set(key, series);
      return { key, name, series, control: declaration.control ?? false, spec };
    }),
  );
  refuseCollisions(declarations);
  return trials;
}

function specOf(declaration: TrialDeclaration, seed: number, registry: Registry): TrialSpec {
  const { dataset, network, pretrain, retrain } = declaration;
  const where = `Trial "${declaration.series}" (${network}, ${describePoint(pointOf(declaration))})`;
  lookUp(registry.datasets, 'dataset', dataset);
  registry.network(network);
  const method = lookUp(registry.methods, 'method', declaration.method);
  return parseOptions(
    trialSpec,
    {
      dataset,
      network,
      method: method.id,
      options: parseOptions(method.options, declaration.options ?? {}, `${where}, options of method ${method.id}`),
      ...specPoint(declaration),
      pretrain: pretrain && parseOptions(trainOptions, pretrain, `${where}, pretrain`),
      retrain: retrain && parseOptions(trainOptions, retrain, `${where}, retrain`),
      seed,
    },
    where,
  );
}

/** A trial in a few words, for messages. */
export function describeSpec({ dataset, network, method, seed, ...declared }: TrialSpec): string {
  return `${network} on ${dataset}, ${method}, ${describePoint(pointOf(declared))}, seed ${seed}`;
}

/** The trials' stages, each once however many trials need it. */
export function planStages(trials: readonly Trial[], registry: Registry, context: PlanContext): RunPlan {
  const stages = new Map<string, Stage>();
  const planned = trials.map((trial): PlannedTrial => {
    const steps = stepsOf(trial.spec, context.network(trial), registry);
    const points = evaluationPoints(steps, registry.steps);
    const evaluated = new Set<number | null>(Object.values(points));
    const keys: string[] = [];
    for (const [i, prefix] of steps.map((_, i) => [i, steps.slice(0, i + 1)] as const)) {
      const { dataset, network, seed } = trial.spec;
      const key = stageKey({
        dataset,
        datasetChecksum: context.datasetChecksum(trial),
        network: context.network(trial),
        initializer: registry.network(network).initializer,
        seed,
        backend: context.backend,
        ...(context.instructions !== undefined && { instructions: context.instructions }),
        steps: prefix,
        ...(context.code && { code: context.code(trial, prefix) }),
      });
      const evaluate = evaluated.has(i) || (stages.get(key)?.evaluate ?? false);
      const parent = keys.at(-1) ?? null;
      stages.set(key, { key, parent, dataset, network, seed, steps: prefix, ancestors: [...keys], evaluate });
      keys.push(key);
    }
    return { ...trial, stages: keys, points };
  });
  return { trials: planned, stages };
}

function stepsOf(spec: TrialSpec, network: Network, registry: Registry): readonly HashedStep[] {
  return declaredSteps(spec, network, registry).map((step, i) => {
    const kind = lookUp(registry.steps, 'kind of step', step.kind);
    parseOptions(kind.options, step.options, `Method ${spec.method}, step ${i} (${step.kind})`);
    return normalizeStep(step, registry);
  });
}

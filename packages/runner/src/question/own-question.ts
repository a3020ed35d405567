/** A question of one's own, typed: the benchmark that it would be if it were declared in a file. */
import {
  type Axis,
  type AxisPoint,
  axisOf,
  type Benchmark,
  contentHash,
  DERIVED,
  denseWithSameBudget,
  PrunebenchError,
  type ScaleName,
  type TrialDeclaration,
  trainOptions,
} from '@prunebench/core';
import { lookUp } from '../options/suggest.ts';
import type { Registry } from '../registry.ts';
import { type Budget, budgetOf } from './budget.ts';
import { label } from './derived-benchmark.ts';
import { overridden, parseOverrides } from './override.ts';

/** What is asked. */
export interface OwnQuestion {
  readonly dataset: string;
  readonly network: string;
  /** Ids of criteria and of methods, compared with one another. */
  readonly criteria: readonly string[];
  readonly methods: readonly string[];
  readonly points: readonly AxisPoint[];
  readonly seeds: number | readonly number[];
  readonly scale: ScaleName;
  /** The benchmark whose trainings are taken. */
  readonly like?: string | undefined;
  /** Options of the methods that are said by flags of their own: scope, allocation, granularity, schedule, exclude. */
  readonly options: Readonly<Record<string, unknown>>;
  /** Each "path=value". */
  readonly set: readonly string[];
}

/** A question as it can be run. */
export interface Asked {
  readonly benchmark: Benchmark;
  readonly budget: Budget;
  /** What a reader should know of what was chosen for them. */
  readonly notes: readonly string[];
}

/** The schedules of papers whose criterion is one with its rounds: what they score in a single round is not their method. */
const paperSchedules: Readonly<Record<string, { readonly kind: 'exponential'; readonly rounds: number }>> = {
  synflow: { kind: 'exponential', rounds: 100 },
  force: { kind: 'exponential', rounds: 60 },
};

/**
 * Declares the trials of a question: every criterion and method at every point, and the dense network through the same trainings. The
 * table's name depends on all but points and seeds, so that a question that is asked for more of them goes on in its table.
 *
 * @throws PrunebenchError for names, options and values that do not exist or fit
 */
export async function askOwnQuestion(question: OwnQuestion, registry: Registry): Promise<Asked> {
  const { dataset, network, criteria, methods, points, scale, set } = question;
  lookUp(registry.datasets, 'dataset', dataset);
  registry.network(network);
  for (const id of criteria) lookUp(registry.criteria, 'criterion', id);
  for (const id of methods) lookUp(registry.methods, 'method', id);
  const budget = await budgetOf(dataset, network, scale, registry, question.like);
  const base = { dataset, network, pretrain: budget.pretrain, retrain: budget.retrain };
  const plain = [...new Set([...criteria, ...methods])].map(
    (method): TrialDeclaration => ({
      ...base,
      method,
      at: points[0],
      options: ownOptions(method, question, registry),
      series: method,
    }),
  );
  const overrides = parseOverrides(set, plain, registry);
  const notes: string[] = [];
  const changed = plain.map((trial) => overridden(trial, overrides, registry));
  for (const [i, override] of overrides.entries())
    if (!changed.some(({ applied }) => applied.includes(override)))
      throw new PrunebenchError(`--set ${set[i]}: nothing that is asked about has this option.`, {
        remedy: 'Set the whole of what it belongs to, or leave it out.',
      });
  const dense = denseWithSameBudget(
    overridden(
      { ...base, ...DENSE },
      overrides.filter(({ root }) => root !== 'options'),
      registry,
    ).trial,
  );
  const series = changed.map(({ trial }) => withItsTrainings(trial, registry, notes));
  const trains = dense.pretrain !== null || dense.retrain !== null;
  const trials = [
    ...(trains ? [dense] : []),
    ...series.flatMap((trial) => points.map((at): TrialDeclaration => ({ ...trial, at }))),
  ];
  const seeds = typeof question.seeds === 'number' ? question.seeds : question.seeds.length;
  const digest = contentHash([dense, ...series.map(({ at: _, ...rest }) => rest)]).slice(0, 8);
  return {
    benchmark: {
      id: `prune${DERIVED}${label([dataset, network, ...series.map(({ method }) => method), digest])}`,
      title: `${series.map(({ method }) => registry.methods.get(method)!.title).join(', ')}: ${network} on ${dataset}`,
      question: 'How much accuracy is left?',
      seeds: { smoke: seeds, cpu: seeds, paper: seeds },
      trials: (at) => (at === scale ? trials : []),
      published: [],
    },
    budget,
    notes,
  };
}

/** A trial that no option of a method touches. */
const DENSE = { method: 'magnitude', sparsity: 0, series: 'dense' };

/** The options that a series is declared with: the flags', and what its paper cannot go without. */
function ownOptions(method: string, { options, points }: OwnQuestion, registry: Registry): Record<string, unknown> {
  const asksUnits = points.some((point) => 'units' in point);
  const criterion = registry.criteria.get(method);
  const schedule = paperSchedules[method];
  const own = {
    ...(criterion && schedule && { schedule }),
    ...(criterion?.granularity.includes('unit') && asksUnits && { granularity: 'unit' }),
    ...options,
  };
  const schema = lookUp(registry.methods, 'method', method).options;
  const result = schema.safeParse(own);
  if (result.success) return own;
  for (const issue of result.error.issues)
    if (issue.code === 'unrecognized_keys')
      throw new PrunebenchError(
        `Method ${method} does not take ${issue.keys.map((key) => `--${key}`).join(', ')}: it prunes in its own way.`,
        {
          remedy: `Leave it out; ./prunebench list methods --json shows what ${method} takes.`,
        },
      );
  const [{ path, message }] = result.error.issues;
  throw new PrunebenchError(`Method ${method}, --${path.join('.')}: ${message}.`, {
    remedy: `Choose another value; ./prunebench list methods --json shows what ${method} takes.`,
  });
}

/**
 * A series as its method can take it. A method whose paper has one training refuses a second: it gets one that is as long as both, so that
 * the dense network beside it has had as much.
 */
function withItsTrainings(trial: TrialDeclaration, registry: Registry, notes: string[]): TrialDeclaration {
  const refusal = refusalOf(trial, registry);
  if (refusal === undefined) return trial;
  const { pretrain, retrain } = trial;
  if (!pretrain || !retrain) throw refusal;
  const single = { ...trial, pretrain: { ...pretrain, epochs: pretrain.epochs + retrain.epochs }, retrain: null };
  if (refusalOf(single, registry) !== undefined) throw refusal;
  notes.push(
    `${trial.method} trains once: for ${single.pretrain.epochs} epochs, as long as the others before and after pruning together.`,
  );
  return single;
}

/** Why a method cannot take a trial; undefined where it can. */
function refusalOf(trial: TrialDeclaration, registry: Registry): PrunebenchError | undefined {
  const { dataset, network, method, options = {}, at = { sparsity: 0.5 } } = trial;
  const built = registry.network(network).build(lookUp(registry.datasets, 'dataset', dataset).shape);
  const { pretrain, retrain } = trial;
  try {
    lookUp(registry.methods, 'method', method).steps({
      network: built,
      at,
      pretrain: pretrain && trainOptions.parse(pretrain),
      retrain: retrain && trainOptions.parse(retrain),
      options,
    });
    return undefined;
  } catch (error) {
    if (error instanceof PrunebenchError) return withOptions(error, at);
    throw error;
  }
}

/** What is to be declared in a benchmark's file is an option here. */
const optionsFor: Readonly<Record<Axis, string>> = {
  sparsity: 'Ask for the strength of its penalty: --lambda 0.001.',
  units: 'Ask for a share of the weights (--sparsity), or choose what scores units, such as --criterion filter-norm.',
  multiplyAdds: 'Ask for --sparsity; --target multiply-adds is for criteria.',
  lambda:
    'Ask for --sparsity or --units; --lambda is for methods with a penalty, such as --method sparse-variational-dropout.',
};

function withOptions(error: PrunebenchError, at: AxisPoint): PrunebenchError {
  if (!/\b[Dd]eclare\b/.test(error.remedy ?? '')) return error;
  return new PrunebenchError(error.message, { remedy: optionsFor[axisOf(at)], cause: error });
}

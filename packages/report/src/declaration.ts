import {
  type Benchmark,
  cellName,
  refuseCollisions,
  type ScaleName,
  specPoint,
  type TrialDeclaration,
  type TrialRecord,
  type TrialSpec,
  trainOptions,
} from '@prunebench/core';

/** The records of one scale, held against what the benchmark declares. */
export interface DeclaredRecords {
  readonly trials: readonly TrialDeclaration[];
  /** Those that belong to a declared trial. */
  readonly records: readonly TrialRecord[];
  /** Those of an earlier declaration: another protocol, a series or sparsity that is gone. */
  readonly stale: readonly TrialRecord[];
  /** Whether every declared trial has a record for at least the declared number of seeds; those that are pending may lack it. */
  readonly complete: boolean;
  /** How many trials are declared, a seed counting as one, and how many of them have a record. */
  readonly counts: { readonly declared: number; readonly recorded: number };
  /** Pending trials that lack records: "series (network on dataset)", each once, in the order of the declaration. */
  readonly pending: readonly string[];
  /** The same as `complete`, for the trials of one network on one dataset. */
  completeFor(dataset: string, network: string): boolean;
  /** How many records the trials of one network on one dataset still lack, over all seeds, those of pending series included. */
  missingFor(dataset: string, network: string): number;
}

/**
 * Sorts the records of `scale` into those the benchmark declares today and those it no longer does.
 *
 * @throws PrunebenchError for two declared trials of one cell where there are records of the scale: a benchmark that nobody has run
 * keeps no other one from its tables
 */
export function declaredRecords(
  benchmark: Benchmark,
  scale: ScaleName,
  all: readonly TrialRecord[],
  keyOf?: (spec: TrialSpec) => string,
): DeclaredRecords {
  const trials = benchmark.trials(scale);
  const ofScale = all.filter((record) => record.scale === scale);
  if (ofScale.length > 0) refuseCollisions(trials);
  const byCell = new Map(trials.map((trial) => [cellName(trial), trial]));
  const isDeclared = (record: TrialRecord): boolean => {
    const trial = byCell.get(cellName({ ...record.spec, series: record.series }));
    return trial !== undefined && (keyOf === undefined || keyOf(declaredSpec(trial, record.spec.seed)) === record.key);
  };
  const { records = [], stale = [] } = Object.groupBy(ofScale, (record) => (isDeclared(record) ? 'records' : 'stale'));
  const seeds = new Map<string, number>();
  for (const { spec, series } of records) {
    const name = cellName({ ...spec, series });
    seeds.set(name, (seeds.get(name) ?? 0) + 1);
  }
  const missing = (trial: TrialDeclaration) => Math.max(0, benchmark.seeds[scale] - (seeds.get(cellName(trial)) ?? 0));
  const isRecorded = (trial: TrialDeclaration) => missing(trial) === 0;
  const isPending = ({ series }: TrialDeclaration) => benchmark.pending?.[scale]?.includes(series) ?? false;
  const isDone = (trial: TrialDeclaration) => isPending(trial) || isRecorded(trial);
  const trialsOf = (dataset: string, network: string) =>
    trials.filter((trial) => trial.dataset === dataset && trial.network === network);
  const lacking = trials.filter((trial) => isPending(trial) && !isRecorded(trial));
  return {
    trials,
    records,
    stale,
    complete: trials.every(isDone),
    counts: {
      declared: trials.length * benchmark.seeds[scale],
      recorded: records.filter(({ spec }) => spec.seed < benchmark.seeds[scale]).length,
    },
    pending: [...new Set(lacking.map(({ series, network, dataset }) => `${series} (${network} on ${dataset})`))],
    completeFor: (dataset, network) => trialsOf(dataset, network).every(isDone),
    missingFor: (dataset, network) => trialsOf(dataset, network).reduce((sum, trial) => sum + missing(trial), 0),
  };
}

/** The spec of one seed of a declared trial, defaults of the training filled in. */
function declaredSpec(trial: TrialDeclaration, seed: number): TrialSpec {
  const { dataset, network, method, options = {} } = trial;
  return {
    dataset,
    network,
    method,
    options: { ...options },
    ...specPoint(trial),
    pretrain: trial.pretrain && trainOptions.parse(trial.pretrain),
    retrain: trial.retrain && trainOptions.parse(trial.retrain),
    seed,
  };
}

import {
  type Benchmark,
  cellName,
  columnSparsity,
  type Granularity,
  PrunebenchError,
  type ScaleName,
  type TrialDeclaration,
  type TrialRecord,
} from '@prunebench/core';
import type { Budget } from './budget.ts';
import type { NetworkSize } from './compression.ts';
import { type DenseReference, denseReferences } from './dense.ts';
import { type Bounds, type Estimate, estimate, PERCENT } from './estimate.ts';
import { gatherSpeedups, type Speedup, type Withheld, withComparableSpeeds } from './speedup.ts';

/** What the series of a table are compared by. */
export type Measure = NonNullable<Benchmark['measure']>;

/** What one seed of a cell measured. */
export interface TrialOutcome {
  readonly seed: number;
  /** After the last epoch; null where the trial trains nothing. */
  readonly accuracy: number | null;
  /** All that are left, prunable and not. */
  readonly remainingParameters: number;
  /** Remaining weights / weights by kernel name, in the network's order. */
  readonly densities: readonly { readonly layer: string; readonly weights: number; readonly remaining: number }[];
}

/** One cell of a table: a series at one sparsity, over seeds. Accuracies and errors are on the test split, in percent; estimates are null when no seed has a value. */
export interface Cell {
  readonly dataset: string;
  readonly network: string;
  readonly series: string;
  readonly control: boolean;
  readonly method: string;
  readonly budget: Budget;
  /** Requested, in [0, 1). */
  readonly sparsity: number;
  /** Seeds that finished, ascending. */
  readonly trials: readonly TrialOutcome[];
  /** Seeds that did not, with the reason. */
  readonly failures: readonly { readonly seed: number; readonly reason: string }[];
  /** Layers without a single weight, and in which seeds; failed trials that got as far as that included. */
  readonly collapsed: readonly { readonly layer: string; readonly seeds: readonly number[] }[];
  /** Seeds in which no weight lies on a path from input to output, whether a layer is empty or not. */
  readonly cutSeeds: readonly number[];
  /** Last epoch; null where nothing is trained or every seed failed. */
  readonly accuracy: Estimate | null;
  /** 100 - accuracy. */
  readonly error: Estimate | null;
  /** After the last pruning event, before retraining. */
  readonly prunedAccuracy: Estimate | null;
  /** At the epoch of the last training that was best on the validation split. */
  readonly bestValidationAccuracy: Estimate | null;
  /** After the last epoch, on the validation split. */
  readonly validationAccuracy: Estimate | null;
  /** Remaining / all weights of the layer that kept the smallest share, in [0, 1]. */
  readonly smallestDensity: Estimate | null;
  readonly achievedSparsity: Estimate | null;
  /** Share of the prunable weights that are on no path from input to output; null where a record does not say. */
  readonly effectiveSparsity: Estimate | null;
  readonly compressionRatio: Estimate | null;
  readonly theoreticalSpeedup: Estimate | null;
  /** Measured, by batch size; empty where no seed has a measurement. */
  readonly speedups: readonly Speedup[];
  /** Measurements that scatter too widely to be shown, by batch size. */
  readonly withheld: readonly Withheld[];
  /** Of the network as a safetensors file, dense and sparse; null where a record does not say. */
  readonly fileBytes: { readonly dense: Estimate; readonly sparse: Estimate } | null;
  readonly remainingParameters: Estimate | null;
  /** Of kernels alone. */
  readonly remainingWeights: Estimate | null;
  readonly trainedExamples: Estimate | null;
  readonly computeSeconds: Estimate | null;
  /** Commits that the records were made at, sorted; "+dirty" where the working tree differed. */
  readonly commits: readonly string[];
}

/** All cells of one network on one dataset; where accuracies are compared at equal sparsity, of one granularity. */
export interface NetworkSummary {
  readonly dataset: string;
  readonly network: string;
  /** What its trials remove: single weights, or whole units, of which 50 % are another share of the weights. */
  readonly granularity: Granularity;
  /** Whether there is another summary of the network, for the other granularity. */
  readonly split: boolean;
  readonly measure: Measure;
  /** Before pruning: all parameters, and those of kernels; null when every trial failed. */
  readonly size: NetworkSize | null;
  /** Requested, ascending. */
  readonly sparsities: readonly number[];
  readonly series: readonly { readonly name: string; readonly control: boolean }[];
  readonly cells: readonly Cell[];
  readonly dense: readonly DenseReference[];
}

/** The records of one benchmark at one scale, summarised over seeds. */
export interface Summary {
  readonly benchmark: string;
  readonly scale: ScaleName;
  readonly measure: Measure;
  readonly networks: readonly NetworkSummary[];
  readonly commits: readonly string[];
}

/**
 * Gathers the records of one benchmark and scale into cells (dataset, network, series, sparsity) over seeds.
 * `measure` says what its tests compare. Networks and series come in the order of `order` (the benchmark's trials); without it by name, controls last.
 * Throws PrunebenchError when there is no record, when records are of several benchmarks or scales,
 * or when two of them claim the same seed of the same cell.
 */
export function summarise(
  records: readonly TrialRecord[],
  order: readonly TrialDeclaration[] = [],
  measure: Measure = 'accuracy',
): Summary {
  const [first] = records;
  if (first === undefined) {
    throw new PrunebenchError('There are no records to summarise.', { remedy: 'Run the benchmark first.' });
  }
  const { benchmark, scale } = first;
  const other = records.find((record) => record.benchmark !== benchmark || record.scale !== scale);
  if (other) {
    throw new PrunebenchError(
      `Records of ${benchmark} (${scale}) and of ${other.benchmark} (${other.scale}) cannot share a table.`,
      { remedy: 'Summarise the records of one benchmark at one scale.' },
    );
  }
  refuseDuplicates(records);
  const groups = Map.groupBy(withComparableSpeeds(records), ({ spec }) => JSON.stringify([spec.dataset, spec.network]));
  const rank = positions(order.map(({ dataset, network }) => JSON.stringify([dataset, network])));
  const names = [...groups.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  const parts = names.flatMap((name) => {
    const ofNetwork = byGranularity(groups.get(name)!, measure);
    return ofNetwork.map(([granularity, part]) =>
      summariseNetwork(part, order, { measure, granularity, split: ofNetwork.length > 1 }),
    );
  });
  return {
    benchmark,
    scale,
    measure,
    networks: parts,
    commits: commitsOf(records),
  };
}

/** The records of a network, single weights first; apart only where a column of a table would mix them. */
function byGranularity(records: readonly TrialRecord[], measure: Measure): [Granularity, readonly TrialRecord[]][] {
  if (measure !== 'accuracy') return [['weight', records]];
  const parts = Map.groupBy(records, ({ spec }) => (spec.options.granularity === 'unit' ? 'unit' : 'weight'));
  return (['weight', 'unit'] as const).flatMap((granularity): [Granularity, readonly TrialRecord[]][] => {
    const part = parts.get(granularity);
    return part === undefined ? [] : [[granularity, part]];
  });
}

/** The cell of `series` at `sparsity`, if any seed of it was recorded. */
export function cellOf({ cells }: NetworkSummary, series: string, sparsity: number): Cell | undefined {
  return cells.find((cell) => cell.series === series && cell.sparsity === columnSparsity(sparsity));
}

function summariseNetwork(
  records: readonly TrialRecord[],
  order: readonly TrialDeclaration[],
  part: Pick<NetworkSummary, 'measure' | 'granularity' | 'split'>,
): NetworkSummary {
  const { dataset, network } = records[0]!.spec;
  const rank = positions(order.filter((trial) => trial.network === network).map((trial) => trial.series));
  const control = new Map(records.map((record) => [record.series, record.control]));
  const series = [...control]
    .map(([name, isControl]) => ({ name, control: isControl }))
    .sort((a, b) => Number(a.control) - Number(b.control) || rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
  const sparsities = [...new Set(records.map(({ spec }) => columnSparsity(spec.sparsity)))].sort((a, b) => a - b);
  const groups = Map.groupBy(records, (record) => cellName({ ...record.spec, series: record.series }));
  const cells = series.flatMap(({ name }) =>
    sparsities.flatMap((sparsity) => {
      const group = groups.get(cellName({ dataset, network, series: name, sparsity }));
      return group === undefined ? [] : [summariseCell(group)];
    }),
  );
  return {
    dataset,
    network,
    ...part,
    size: sizeOf(records),
    sparsities,
    series,
    cells,
    dense: denseReferences(
      cells.flatMap(
        ({ series: name, sparsity }) => groups.get(cellName({ dataset, network, series: name, sparsity }))!,
      ),
    ),
  };
}

function summariseCell(unordered: readonly TrialRecord[]): Cell {
  const records = unordered.toSorted((a, b) => a.spec.seed - b.spec.seed);
  const { spec, series, control } = records[0]!;
  const finished = records.flatMap(({ failure, measured, run, speed, spec: { seed } }) =>
    failure === null && measured !== null ? [{ seed, measured, run, speed }] : [],
  );
  const over = (value: (trial: (typeof finished)[number]) => number | null, bounds?: Bounds) => {
    const values = finished.map(value);
    return values.includes(null) ? null : estimate(values as number[], bounds);
  };
  const timed = finished.flatMap(({ speed }) => (speed ? [speed] : []));
  const parameters = Math.max(...finished.map(({ measured }) => measured.parameters.total));
  const dense = over(({ measured }) => measured.fileBytes?.dense ?? null);
  const sparse = over(({ measured }) => measured.fileBytes?.sparse ?? null);
  return {
    dataset: spec.dataset,
    network: spec.network,
    series,
    control,
    method: spec.method,
    budget: { pretrain: spec.pretrain?.epochs ?? 0, retrain: spec.retrain?.epochs ?? 0 },
    sparsity: columnSparsity(spec.sparsity),
    trials: finished.map(({ seed, measured }) => ({
      seed,
      accuracy: measured.final?.test.accuracy ?? null,
      remainingParameters: measured.parameters.remaining,
      densities: measured.layers.map(({ name, weights, remaining }) => ({ layer: name, weights, remaining })),
    })),
    failures: records.flatMap(({ failure, measured, spec: { seed } }) =>
      failure !== null || measured === null ? [{ seed, reason: failure ?? 'nothing was measured' }] : [],
    ),
    collapsed: collapsedOver(records),
    cutSeeds: finished.flatMap(({ seed, measured }) => (measured.effective?.remaining === 0 ? [seed] : [])),
    accuracy: over(({ measured }) => measured.final?.test.accuracy ?? null, PERCENT),
    error: over(({ measured }) => (measured.final ? 100 - measured.final.test.accuracy : null), PERCENT),
    prunedAccuracy: over(({ measured }) => measured.pruned?.test.accuracy ?? null, PERCENT),
    bestValidationAccuracy: over(({ measured }) => measured.bestValidation?.test.accuracy ?? null, PERCENT),
    validationAccuracy: over(({ measured }) => measured.final?.validation.accuracy ?? null, PERCENT),
    smallestDensity: over(({ measured }) =>
      Math.min(...measured.layers.map(({ weights, remaining }) => remaining / weights)),
    ),
    achievedSparsity: over(({ measured }) => measured.sparsity.achieved),
    effectiveSparsity: over(({ measured }) => measured.effective?.sparsity ?? null),
    compressionRatio: over(({ measured }) => measured.compressionRatio),
    theoreticalSpeedup: over(({ measured }) => measured.theoreticalSpeedup),
    ...gatherSpeedups(timed),
    fileBytes: dense && sparse && { dense, sparse },
    remainingParameters: over(({ measured }) => measured.parameters.remaining, [0, parameters]),
    remainingWeights: over(({ measured }) => measured.layers.reduce((sum, { remaining }) => sum + remaining, 0)),
    trainedExamples: over(({ measured }) => measured.trainedExamples),
    computeSeconds: over(({ run }) => run.computeSeconds),
    commits: commitsOf(records),
  };
}

function sizeOf(records: readonly TrialRecord[]): NetworkSummary['size'] {
  const measured = records.find((record) => record.measured !== null)?.measured;
  if (!measured) return null;
  const weights = measured.layers.reduce((sum, layer) => sum + layer.weights, 0);
  return { parameters: measured.parameters.total, weights };
}

function collapsedOver(records: readonly TrialRecord[]): Cell['collapsed'] {
  const seeds = new Map<string, number[]>();
  for (const { measured, spec } of records) {
    for (const layer of measured?.collapsedLayers ?? []) seeds.set(layer, [...(seeds.get(layer) ?? []), spec.seed]);
  }
  return [...seeds].map(([layer, of]) => ({ layer, seeds: of })).sort((a, b) => (a.layer < b.layer ? -1 : 1));
}

function refuseDuplicates(records: readonly TrialRecord[]): void {
  const seen = new Map<string, string>();
  for (const { key, spec, series, benchmark, scale } of records) {
    const name = `${cellName({ ...spec, series })} ${spec.seed}`;
    const known = seen.get(name);
    if (known !== undefined) {
      throw new PrunebenchError(
        `Records ${known} and ${key} of ${benchmark} (${scale}) are both for ${spec.network}, "${series}", sparsity ${spec.sparsity}, seed ${spec.seed}.`,
        { remedy: 'Delete the one that an earlier declaration of the benchmark left behind.' },
      );
    }
    seen.set(name, key);
  }
}

function commitsOf(records: readonly TrialRecord[]): string[] {
  return [...new Set(records.map(({ run }) => `${run.commit}${run.dirty ? '+dirty' : ''}`))].sort();
}

/** Position of the first occurrence; what does not occur comes last. */
function positions(names: readonly string[]): (name: string) => number {
  const first = new Map<string, number>();
  names.forEach((name, index) => {
    if (!first.has(name)) first.set(name, index);
  });
  return (name) => first.get(name) ?? Number.MAX_SAFE_INTEGER;
}

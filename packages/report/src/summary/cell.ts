import { type Axis, axisOf, type Measured, pointOf, positionOf, type TrialRecord } from '@prunebench/core';
import { type Bounds, type Estimate, estimate, PERCENT } from '../statistics/estimate.ts';
import { type Provenance, provenanceOf } from './provenance.ts';
import { architectureOver, metricsOver, type NamedEstimate, type Place } from './recorded.ts';
import { gatherSpeedups, type Speedup, type Withheld } from './speedup.ts';

/** Epochs of training as they were declared: before pruning and after it, there again after every round where a schedule has several. */
export interface Budget {
  readonly pretrain: number;
  readonly retrain: number;
}

/** What one seed of a cell measured. */
export interface TrialOutcome {
  readonly seed: number;
  readonly measured: Measured;
}

/** One cell of a table: a series at one point of its axis, over seeds. Accuracies and errors are on the test split, in percent; estimates are null when no seed has a value. */
export interface Cell extends Provenance {
  readonly dataset: string;
  readonly network: string;
  readonly series: string;
  readonly control: boolean;
  readonly method: string;
  readonly budget: Budget;
  /** What was asked for. */
  readonly axis: Axis;
  /** Where on its axis: shares in [0, 1). */
  readonly at: number;
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
  /** Units left, layer by layer; null where a record does not say. */
  readonly architecture: readonly Place[] | null;
  /** What the trials report by a name of their own: what all seeds do. */
  readonly metrics: readonly NamedEstimate[];
  readonly trainedExamples: Estimate | null;
  readonly computeSeconds: Estimate | null;
  /** Of the networks that its trials started from; null where a trial had none, and where every seed failed. */
  readonly denseAccuracy: Estimate | null;
  /** Whether nothing was trained after the last weight was removed. */
  readonly leftAsPruned: boolean;
}

/** The cell that these records, one of every seed, make. */
export function summariseCell(unordered: readonly TrialRecord[]): Cell {
  const records = unordered.toSorted((a, b) => a.spec.seed - b.spec.seed);
  const { spec, series, control } = records[0];
  const point = pointOf(spec);
  const finished = records.flatMap(({ failure, measured, run, speed, spec: { seed } }) =>
    failure === null && measured !== null ? [{ seed, measured, run, speed }] : [],
  );
  const over = (value: (trial: (typeof finished)[number]) => number | null, bounds?: Bounds) => {
    const values = finished.map(value).filter((each) => each !== null);
    return values.length < finished.length ? null : estimate(values, bounds);
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
    axis: axisOf(point),
    at: positionOf(point),
    trials: finished.map(({ seed, measured }) => ({ seed, measured })),
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
    achievedSparsity: over(({ measured }) => measured.sparsity.achieved, [0, 1]),
    effectiveSparsity: over(({ measured }) => measured.effective?.sparsity ?? null),
    compressionRatio: over(({ measured }) => measured.compressionRatio),
    theoreticalSpeedup: over(({ measured }) => measured.theoreticalSpeedup),
    ...gatherSpeedups(timed),
    fileBytes: dense && sparse && { dense, sparse },
    remainingParameters: over(({ measured }) => measured.parameters.remaining, [0, parameters]),
    remainingWeights: over(({ measured }) => measured.layers.reduce((sum, { remaining }) => sum + remaining, 0)),
    architecture: architectureOver(finished.map(({ measured }) => measured)),
    metrics: metricsOver(finished.map(({ measured }) => measured)),
    trainedExamples: over(({ measured }) => measured.trainedExamples),
    computeSeconds: over(({ run }) => run.computeSeconds),
    denseAccuracy: over(({ measured }) => measured.dense?.test.accuracy ?? null, PERCENT),
    leftAsPruned: finished.length > 0 && finished.every(({ measured }) => isLeftAsPruned(measured)),
    ...provenanceOf(records),
  };
}

/** In how many of a cell's seeds at least one layer collapsed, or the network fell apart. */
export function collapsedSeeds({ collapsed, cutSeeds }: Cell): number {
  return new Set([...collapsed.flatMap(({ seeds }) => seeds), ...cutSeeds]).size;
}

/** The smallest network of a cell's seeds; null when none finished. */
export function fewestParameters({ trials }: Cell): number | null {
  return trials.length === 0 ? null : Math.min(...trials.map(({ measured }) => measured.parameters.remaining));
}

/** All seeds of a cell, finished or not. */
export function seedCount({ trials, failures }: Cell): number {
  return trials.length + failures.length;
}

function isLeftAsPruned({ pruned, final }: Measured): boolean {
  return (
    pruned != null &&
    final != null &&
    pruned.test.loss === final.test.loss &&
    pruned.test.accuracy === final.test.accuracy
  );
}

function collapsedOver(records: readonly TrialRecord[]): Cell['collapsed'] {
  const seeds = new Map<string, number[]>();
  for (const { measured, spec } of records) {
    for (const layer of measured?.collapsedLayers ?? []) seeds.set(layer, [...(seeds.get(layer) ?? []), spec.seed]);
  }
  return [...seeds].map(([layer, of]) => ({ layer, seeds: of })).sort((a, b) => (a.layer < b.layer ? -1 : 1));
}

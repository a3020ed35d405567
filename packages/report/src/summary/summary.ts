import {
  type Axis,
  axes,
  axisOf,
  type Benchmark,
  cellName,
  describePoint,
  type Granularity,
  PrunebenchError,
  pointOf,
  positionOf,
  type ScaleName,
  type TrialDeclaration,
  type TrialRecord,
} from '@prunebench/core';
import { type Cell, summariseCell } from './cell.ts';
import type { NetworkSize } from './compression.ts';
import { type DenseReference, denseReferences } from './dense.ts';
import { commitsOf } from './provenance.ts';
import { withComparableSpeeds } from './speedup.ts';

/** What the series of a table are compared by. */
export type Measure = NonNullable<Benchmark['measure']>;

/** All cells of one network on one dataset and one axis; where accuracies are compared at equal points, of one granularity. */
export interface NetworkSummary {
  readonly dataset: string;
  readonly network: string;
  /** What its trials remove: single weights, or whole units, of which 50 % are another share of the weights. */
  readonly granularity: Granularity;
  /** What its trials are asked for. */
  readonly axis: Axis;
  /** Whether there is another summary of the network, for another granularity or axis. */
  readonly split: boolean;
  readonly measure: Measure;
  /** Before pruning: all parameters, and those of kernels; null when every trial failed. */
  readonly size: NetworkSize | null;
  /** Where on the axis its cells are, ascending. */
  readonly points: readonly number[];
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
 * Gathers the records of one benchmark and scale into cells (dataset, network, series, point of the axis) over seeds.
 * `measure` says what its tests compare. Networks and series come in the order of `order` (the benchmark's trials); without it by name, controls last.
 *
 * @throws PrunebenchError when there is no record, when records are of several benchmarks or scales, or when two of them claim the
 * same seed of the same cell
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
  const groups = Map.groupBy(records, ({ spec }) => JSON.stringify([spec.dataset, spec.network]));
  const rank = positions(order.map(({ dataset, network }) => JSON.stringify([dataset, network])));
  const names = [...groups.keys()].sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
  return {
    benchmark,
    scale,
    measure,
    networks: names.flatMap((name) => {
      const parts = partsOf(withComparableSpeeds(groups.get(name)!), measure);
      return parts.map(({ part, ...of }) => summariseNetwork(part, order, { measure, ...of, split: parts.length > 1 }));
    }),
    commits: commitsOf(records),
  };
}

interface Part extends Pick<NetworkSummary, 'axis' | 'granularity'> {
  readonly part: readonly TrialRecord[];
}

/**
 * The records of a network by axis, and by granularity where a column of a table would mix two, single weights first: 50 % of the
 * units are another share of the weights.
 */
function partsOf(records: readonly TrialRecord[], measure: Measure): Part[] {
  const byAxis = Map.groupBy(records, ({ spec }) => axisOf(pointOf(spec)));
  return axes.flatMap((axis): Part[] => {
    const ofAxis = byAxis.get(axis) ?? [];
    if (measure !== 'accuracy' || axis === 'lambda')
      return ofAxis.length === 0 ? [] : [{ axis, granularity: 'weight', part: ofAxis }];
    const parts = Map.groupBy(
      ofAxis,
      ({ spec }): Granularity => (axis === 'units' || spec.options.granularity === 'unit' ? 'unit' : 'weight'),
    );
    return (['weight', 'unit'] as const).flatMap((granularity) => {
      const part = parts.get(granularity);
      return part === undefined ? [] : [{ axis, granularity, part }];
    });
  });
}

/** The cell of `series` at the point `at` of the axis, if any seed of it was recorded. */
export function cellOf({ cells }: NetworkSummary, series: string, at: number): Cell | undefined {
  return cells.find((cell) => cell.series === series && cell.at === at);
}

/** Whether some trial finished. */
export function isMeasured({ networks }: Summary): boolean {
  return networks.some(({ cells }) => cells.some(({ trials }) => trials.length > 0));
}

function summariseNetwork(
  records: readonly TrialRecord[],
  order: readonly TrialDeclaration[],
  part: Pick<NetworkSummary, 'measure' | 'axis' | 'granularity' | 'split'>,
): NetworkSummary {
  const { dataset, network } = records[0].spec;
  const rank = positions(order.filter((trial) => trial.network === network).map((trial) => trial.series));
  const control = new Map(records.map((record) => [record.series, record.control]));
  const series = [...control]
    .map(([name, isControl]) => ({ name, control: isControl }))
    .sort((a, b) => Number(a.control) - Number(b.control) || rank(a.name) - rank(b.name) || (a.name < b.name ? -1 : 1));
  const points = [...new Set(records.map(({ spec }) => positionOf(pointOf(spec))))].sort((a, b) => a - b);
  const groups = Map.groupBy(records, (record) => JSON.stringify([record.series, positionOf(pointOf(record.spec))]));
  const groupsInOrder = series.flatMap(({ name }) =>
    points.flatMap((at) => {
      const group = groups.get(JSON.stringify([name, at]));
      return group === undefined ? [] : [group];
    }),
  );
  return {
    dataset,
    network,
    ...part,
    size: sizeOf(records),
    points,
    series,
    cells: groupsInOrder.map(summariseCell),
    dense: denseReferences(groupsInOrder.flat()),
  };
}

function sizeOf(records: readonly TrialRecord[]): NetworkSummary['size'] {
  const measured = records.find((record) => record.measured !== null)?.measured;
  if (!measured) return null;
  const weights = measured.layers.reduce((sum, layer) => sum + layer.weights, 0);
  return { parameters: measured.parameters.total, weights };
}

function refuseDuplicates(records: readonly TrialRecord[]): void {
  const seen = new Map<string, string>();
  for (const { key, spec, series, benchmark, scale } of records) {
    const name = `${cellName({ ...spec, series })} ${spec.seed}`;
    const known = seen.get(name);
    if (known !== undefined) {
      throw new PrunebenchError(
        `Records ${known} and ${key} of ${benchmark} (${scale}) are both for ${spec.network}, "${series}", ${describePoint(pointOf(spec))}, seed ${spec.seed}.`,
        { remedy: 'Delete the one that an earlier declaration of the benchmark left behind.' },
      );
    }
    seen.set(name, key);
  }
}

/** Position of the first occurrence; what does not occur comes last. */
function positions(names: readonly string[]): (name: string) => number {
  const first = new Map<string, number>();
  names.forEach((name, index) => {
    if (!first.has(name)) first.set(name, index);
  });
  return (name) => first.get(name) ?? Number.MAX_SAFE_INTEGER;
}

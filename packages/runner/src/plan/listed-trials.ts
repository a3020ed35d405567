import { type Benchmark, cellName, type ScaleName, scales, type TrialRecord } from '@prunebench/core';
import type { LoadedRecords } from '@prunebench/records';
import type { Registry } from '../registry.ts';
import { declareTrials, type Trial } from './plan.ts';
import { trialsOf } from './trials-of.ts';

/**
 * What has become of a trial: `finished`, with its numbers; `failed`, recorded with the reason; `open`, declared and without a record;
 * `earlier`, recorded and not of the benchmark's present declaration.
 */
export type TrialState = 'finished' | 'failed' | 'open' | 'earlier';

/** A trial as `prunebench list trials` shows it. */
export interface ListedTrial extends Pick<TrialRecord, 'key' | 'benchmark' | 'scale' | 'series' | 'control' | 'spec'> {
  readonly state: TrialState;
  /** Test accuracy after the last epoch, in percent; null where there is none. */
  readonly accuracy: number | null;
  /** Why it failed. */
  readonly failure: string | null;
}

/**
 * The trials of a benchmark, recorded or declared: at the scales that have records, or at this one.
 *
 * @param loaded records of any benchmarks
 */
export function listedTrials(
  benchmark: Benchmark,
  { records, places }: Pick<LoadedRecords, 'records' | 'places'>,
  registry: Registry,
  scale?: ScaleName,
): readonly ListedTrial[] {
  const own = records.filter((record) => record.benchmark === benchmark.id);
  const recorded = scales.filter((each) => own.some((record) => record.scale === each));
  return (scale === undefined ? recorded : [scale]).flatMap((each) => {
    const ofScale = own.filter((record) => record.scale === each);
    // More seeds may have been asked for than the benchmark has by itself.
    const seeds = Math.max(benchmark.seeds[each], ...ofScale.map(({ spec }) => spec.seed + 1));
    const declared = declareTrials(trialsOf(benchmark, each), seeds, registry);
    const byName = new Map(ofScale.map((record) => [places.get(record)?.name, record]));
    const open = declared.filter(({ name, spec }) => !byName.has(name) && spec.seed < benchmark.seeds[each]);
    const names = new Set(declared.map(({ name }) => name));
    return [
      ...[...byName].map(([name, record]) => recordedTrial(record, name === undefined || !names.has(name))),
      ...open.map((trial) => openTrial(trial, benchmark.id, each)),
    ].sort(inOrderOf(declared));
  });
}

/** A record whose benchmark is not known here, such as that of a plugin that was not named, or `earlier` than its declaration. */
export function recordedTrial(record: TrialRecord, earlier = false): ListedTrial {
  const { key, benchmark, scale, series, control, spec, failure, measured } = record;
  return {
    ...{ key, benchmark, scale, series, control, spec, failure },
    state: earlier ? 'earlier' : failure === null ? 'finished' : 'failed',
    accuracy: measured?.final?.test.accuracy ?? null,
  };
}

function openTrial({ key, series, control, spec }: Trial, benchmark: string, scale: ScaleName): ListedTrial {
  return { key, benchmark, scale, series, control, spec, state: 'open', accuracy: null, failure: null };
}

/** Cell by cell as the benchmark declares them, seeds together; what it does not declare comes last. */
function inOrderOf(declared: readonly Trial[]): (a: ListedTrial, b: ListedTrial) => number {
  const places = new Map<string, number>();
  for (const { series, spec } of declared) {
    const cell = cellName({ ...spec, series });
    if (!places.has(cell)) places.set(cell, places.size);
  }
  const rank = ({ state, series, spec }: ListedTrial) =>
    state === 'earlier' ? places.size : (places.get(cellName({ ...spec, series })) ?? places.size);
  return (a, b) => rank(a) - rank(b) || a.spec.seed - b.spec.seed || (a.key < b.key ? -1 : 1);
}

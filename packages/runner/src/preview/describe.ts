import { cellName, describePoint, pointOf } from '@prunebench/core';
import type { Trial } from '../plan/plan.ts';
import { duration } from '../progress/format.ts';
import { shownList } from '../question/lists.ts';
import type { DryRun } from './dry-run.ts';

/** A dry run in lines: its trials by cell, its stages by kind, how long, where. */
export function describeDryRun(run: DryRun): readonly string[] {
  const { benchmark, trials, pending, stages, results, notes } = run;
  const open = new Set(pending);
  const cells = Map.groupBy(trials, ({ spec, series }) => cellName({ ...spec, series }));
  const total = stages.reduce((sum, kind) => sum + kind.total, 0);
  const finished = stages.reduce((sum, kind) => sum + kind.finished, 0);
  const kinds = stages.map((kind) => `${kind.total - kind.finished} ${kind.kind}`).join(', ');
  return [
    `${benchmark}: ${trials.length} trials, ${trials.length - pending.length} finished before, ${pending.length} to compute`,
    ...[...cells.values()].map((of) => `  ${describeCell(of, open)}`),
    ...(pending.length === 0
      ? []
      : [`${total} stages, ${finished} of them finished before; to compute: ${kinds}`, describeTime(run)]),
    ...notes,
    `Nothing was computed or written; records would go to ${results}.`,
  ];
}

function describeCell(trials: readonly Trial[], open: ReadonlySet<Trial>): string {
  const [{ series, spec }] = trials;
  const seeds = shownList(trials.map((trial) => trial.spec.seed));
  const left = trials.filter((trial) => open.has(trial)).length;
  const state = left === 0 ? 'finished' : left === trials.length ? 'to compute' : `${left} to compute`;
  return `${series}, ${spec.network} on ${spec.dataset}, ${describePoint(pointOf(spec))}, seed ${seeds}: ${state}`;
}

function describeTime({ seconds, timingSeconds, workers, backend, pace }: DryRun): string {
  const how = `on backend ${backend} with ${workers} ${workers === 1 ? 'worker' : 'workers'}`;
  if (seconds === undefined)
    return `No estimate of the time ${how}: there are no records of such steps to take it from.`;
  const timing = timingSeconds === 0 ? '' : `, ${duration(timingSeconds)} of it for timing the pruned networks`;
  return `About ${duration(Math.max(1, seconds))} ${how}${timing}: by ${pace.trials} earlier trials on ${pace.processors.join('; ')}.`;
}

/** The same for programs. */
export function dryRunInJson(run: DryRun) {
  const { benchmark, results, backend, workers, trials, pending, stages, seconds, timingSeconds, pace, notes } = run;
  const open = new Set(pending);
  return {
    dryRun: true,
    benchmark,
    results,
    backend,
    workers,
    trials: trials.map((trial) => ({
      key: trial.key,
      series: trial.series,
      spec: trial.spec,
      finished: !open.has(trial),
    })),
    stages,
    seconds: seconds ?? null,
    timingSeconds,
    pace: { trials: pace.trials, processors: pace.processors },
    notes,
  };
}

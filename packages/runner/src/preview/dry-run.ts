/** What a run would do: nothing is computed and nothing written. */
import { loadTable, type RecordTable } from '@prunebench/records';
import { TrialCodes } from '../code/trial-code.ts';
import { filterTrials } from '../plan/filter.ts';
import { sortByRecords } from '../plan/finished-trials.ts';
import { refuseOversizedTrials } from '../plan/oversized-trials.ts';
import { declareTrials, type Trial } from '../plan/plan.ts';
import { planTrials } from '../plan/plan-trials.ts';
import { trialsOf } from '../plan/trials-of.ts';
import { refuseUntrainableTrials } from '../plan/untrainable-trials.ts';
import { host } from '../provenance.ts';
import { refuseFile, resultsFolder } from '../results/results-folder.ts';
import type { RunOptions } from '../run.ts';
import { expectedTiming } from '../speed/measure-missing.ts';
import { StageStore } from '../stages/stage-store.ts';
import { shareCores } from '../worker/share-cores.ts';
import { type Pace, paceOf } from './pace.ts';

/** A run before it is run. */
export interface DryRun {
  readonly benchmark: string;
  readonly results: string;
  readonly backend: string;
  readonly workers: number;
  readonly trials: readonly Trial[];
  /** Those of them that have no record that stands. */
  readonly pending: readonly Trial[];
  /** Of the pending trials, each once however many trials share it, by kind of step; `finished` are in the cache. */
  readonly stages: readonly { readonly kind: string; readonly total: number; readonly finished: number }[];
  /** With the timing of the pruned networks; undefined where no step of some kind was timed before. */
  readonly seconds: number | undefined;
  /** Of them, what timing the pruned networks is going to take: 0 where they are not timed. */
  readonly timingSeconds: number;
  readonly pace: Pick<Pace, 'trials' | 'processors'>;
  /** What a run would say before it begins: which records are of other code, and what becomes of them. */
  readonly notes: readonly string[];
}

/**
 * Plans a run to its last stage.
 *
 * @param similar tables whose records tell how long such steps take, besides the run's own
 * @throws PrunebenchError as `runBenchmark` does before its first stage
 */
export async function dryRun(options: RunOptions, similar: readonly RecordTable[]): Promise<DryRun> {
  const { benchmark, scale, registry, rerun } = options;
  const declared = declareTrials(trialsOf(benchmark, scale), options.seeds ?? benchmark.seeds[scale], registry);
  const trials = filterTrials(declared, options.filters);
  const folder = resultsFolder(options.results);
  await refuseFile(folder.root);
  const table = folder.table(benchmark.id, scale);
  const codes = new TrialCodes(registry);
  await codes.locate(trials.map(({ spec }) => spec));
  const { places } = await loadTable(table);
  const records = new Map([...places].map(([record, { name }]) => [name, record]));
  const notes: string[] = [];
  const context = { root: folder.root, registry, codes, notice: (line: string) => notes.push(line) };
  // What a run would ask about is told here instead.
  const policy = { rerun, keep: options.keep || !rerun };
  const { pending, kept } = await sortByRecords(trials, policy, records, context);
  if (kept > 0 && !options.keep) notes.push('The run asks for --rerun or --keep; this is what --keep would do.');
  refuseOversizedTrials(pending, registry);
  const { selectBackend } = await import('@prunebench/backend-select');
  const { name: backend, untrainable, instructions, line: reason } = await selectBackend(options.backend);
  refuseUntrainableTrials(pending, registry, { backend, untrainable, reason, threads: 1, versions: {} });
  const { plan, work } = await planTrials(pending, registry, codes, { backend, instructions });
  const store = new StageStore(folder.stages);
  const finished = new Set<string>();
  for (const key of rerun ? [] : plan.stages.keys()) if (await store.peek(key)) finished.add(key);
  const timed = (await Promise.all([table, ...similar].map(loadTable))).flatMap((loaded) => loaded.records);
  const pace = paceOf(timed, registry, backend, host().cpu);
  const { size, threads } =
    pending.length === 0 ? { size: 1, threads: 1 } : shareCores(options.workers, pending.length);
  const kinds = Map.groupBy(plan.stages.values(), ({ steps }) => steps.at(-1)!.kind);
  let seconds: number | undefined = 0;
  for (const [key, amount] of work(finished)) {
    const each = pace.secondsOf(plan.stages.get(key)!, amount);
    seconds = seconds === undefined || each === undefined ? undefined : seconds + each / (size * threads);
  }
  const timingSeconds = options.speed ? expectedTiming(pending) : 0;
  return {
    benchmark: benchmark.id,
    results: folder.root,
    backend,
    workers: size,
    trials,
    pending,
    stages: [...kinds].map(([kind, stages]) => ({
      kind,
      total: stages.length,
      finished: stages.filter(({ key }) => finished.has(key)).length,
    })),
    seconds: seconds === undefined ? undefined : seconds + timingSeconds,
    timingSeconds,
    pace,
    notes,
  };
}

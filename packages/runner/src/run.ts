/**
 * One benchmark from its declaration to its records: what is finished is skipped, the rest is planned, scheduled on
 * worker processes, and recorded.
 */
import { join } from 'node:path';
import type { Benchmark, ScaleName } from '@prunebench/core';
import { makeFolder, onNotice, optionally } from '@prunebench/files';
import { foldTable } from '@prunebench/records';
import { TrialCodes } from './code/trial-code.ts';
import { toError } from './errors/error-message.ts';
import { type Filter, filterTrials } from './plan/filter.ts';
import { nothingToRun, sortTrials, withdraw } from './plan/finished-trials.ts';
import { refuseOversizedTrials } from './plan/oversized-trials.ts';
import { declareTrials, type PlannedTrial, type Trial } from './plan/plan.ts';
import { planTrials } from './plan/plan-trials.ts';
import { refuseMismatched } from './plan/pretrained-trials.ts';
import { trialsOf } from './plan/trials-of.ts';
import { refuseUntrainableTrials } from './plan/untrainable-trials.ts';
import { RunTime } from './profile/run-time.ts';
import type { WorkersTime } from './profile/workers-time.ts';
import { createDisplay, type Display } from './progress/display.ts';
import { StatusFile } from './progress/status-file.ts';
import { Tracker } from './progress/tracker.ts';
import { type Commit, currentCommit } from './provenance.ts';
import type { Registry } from './registry.ts';
import { lockResults } from './results/lock.ts';
import { rememberPlugins } from './results/remembered-plugins.ts';
import { openResults, type ResultsFolder } from './results/results-folder.ts';
import { type RunSummary, summarize } from './run-summary.ts';
import { FatalError, type Outcome, schedule } from './schedule/scheduler.ts';
import { expectedTiming, measureMissing, type SpeedSummary } from './speed/measure-missing.ts';
import { StageStore } from './stages/stage-store.ts';
import { removingUntrained } from './stages/untrained-states.ts';
import { WorkerPool } from './worker/pool.ts';
import type { RecordTask } from './worker/protocol.ts';
import { crowding, shareCores } from './worker/share-cores.ts';

export interface RunOptions {
  readonly benchmark: Benchmark;
  readonly scale: ScaleName;
  /** How many, from 0 on, or which; overrides the benchmark's own number. */
  readonly seeds?: number | readonly number[] | undefined;
  /** Worker processes; by default as many as the cores have room for, but no more than trials. */
  readonly workers?: number | undefined;
  /** "auto" or the name of a backend. */
  readonly backend: string;
  readonly results: string;
  readonly filters: readonly Filter[];
  /** Computes every trial again, from its first stage. */
  readonly rerun: boolean;
  /** Keeps records that another engine computed, and computes only what is missing. */
  readonly keep: boolean;
  /** Whether the speed of the pruned networks is measured after the last trial. */
  readonly speed: boolean;
  /** Whether networks that were timed before are timed again. */
  readonly retime: boolean;
  readonly registry: Registry;
  /** Absolute paths of the plugin modules that `registry` was made with. */
  readonly plugins: readonly string[];
  /** The words of the command line that began it, which go on where it stops. */
  readonly command?: readonly string[];
  /** Where progress is shown; null: in the log alone. */
  readonly stream: NodeJS.WriteStream | null;
  /** The first abort stops at the next step; what is finished stays. */
  readonly signal: AbortSignal;
  /** Follows where the time goes, and has the workers look; absent: nobody does. */
  readonly time?: RunTime | undefined;
  /** Called at the end, while nobody else may write to the folder yet. */
  readonly conclude?: (summary: RunSummary) => Promise<void>;
}

/**
 * Runs all trials of a benchmark that have no record yet, or one of other code or data.
 *
 * @throws PrunebenchError for wrong input, records that another engine computed (unless `rerun` or `keep`), a results folder that cannot be used, and a full disk
 */
export async function runBenchmark(options: RunOptions): Promise<RunSummary> {
  const { benchmark, scale, registry, time = new RunTime() } = options;
  const declared = declareTrials(trialsOf(benchmark, scale), options.seeds ?? benchmark.seeds[scale], registry);
  const trials = filterTrials(declared, options.filters);
  const folder = await openResults(options.results);
  await makeFolder(join(folder.root, benchmark.id));
  const table = folder.table(benchmark.id, scale);
  const release = await lockResults(folder);
  const status = await StatusFile.begin(folder.status, {
    benchmark: benchmark.id,
    scale,
    command: [...(options.command ?? [])],
  });
  const display = status.follow(createDisplay(options.stream, folder.log(benchmark.id)));
  const silence = onNotice((line) => display.line(line));
  try {
    await rememberPlugins(folder, benchmark.id, options.plugins);
    const codes = new TrialCodes(registry);
    await time.during('planning', () => codes.locate(trials.map(({ spec }) => spec)));
    const run = { options, folder, codes, display, status, time };
    const context = {
      table,
      root: folder.root,
      registry,
      codes,
      notice: (line: string) => display.line(line),
    };
    const sorted = await time.during('planning', () => sortTrials(trials, options, context));
    const { pending } = sorted;
    run.display.line(
      `${benchmark.id}, scale ${scale}: ${trials.length} trials, ${trials.length - pending.length} finished before`,
    );
    if (pending.length === 0) run.display.line(nothingToRun(sorted, folder.root));
    const outcomes =
      pending.length === 0 || options.signal.aborted
        ? new Map<string, Outcome>()
        : await compute(
            {
              pending,
              total: trials.length,
              earlierBackends: new Set(sorted.records.map((record) => record.run.backend)),
            },
            run,
          );
    await withdraw(
      sorted.foreign.filter(({ name }) => outcomes.get(name)?.status === 'error'),
      context,
    );
    const speed =
      options.speed && !options.signal.aborted ? await time.during('timing pass', () => measure(trials, run)) : null;
    await status.enter('tables');
    await time.during('report', () => foldTable(table));
    const summary = summarize(trials.length, pending, outcomes, speed, options.signal.aborted);
    await options.conclude?.(summary);
    await status.end(summary.aborted ? 'stopped' : 'finished');
    return summary;
  } catch (error) {
    await status.fail(error);
    throw error;
  } finally {
    silence();
    await release();
  }
}

interface Run {
  readonly options: RunOptions;
  readonly folder: ResultsFolder;
  readonly codes: TrialCodes;
  readonly display: Display;
  readonly status: StatusFile;
  readonly time: RunTime;
}

/** The speed of all trials that have a record by now; null where it could not be measured, which is no reason to go without a table. */
async function measure(
  trials: readonly Trial[],
  { options, folder, display, status }: Run,
): Promise<SpeedSummary | null> {
  await status.enter('timing');
  const { benchmark, scale, registry, signal } = options;
  const pass = {
    table: folder.table(benchmark.id, scale),
    store: new StageStore(folder.stages),
    stages: folder.stages,
    registry,
    commit: await currentCommit(),
    display,
    signal,
    untrained: isAboutSpeed(benchmark),
    again: options.retime,
  };
  const summary = await optionally('The measurement of speed ended early', () => measureMissing(trials, pass));
  return summary ?? null;
}

/** Tables of speed need the networks that they train nothing on as well. */
function isAboutSpeed({ measure }: Benchmark): boolean {
  return measure === 'speed';
}

/** What is left to compute of a table. */
interface Pending {
  readonly pending: readonly Trial[];
  /** Trials of the table. */
  readonly total: number;
  /** Backends that computed the others. */
  readonly earlierBackends: ReadonlySet<string>;
}

/** Runs the trials on worker processes. */
async function compute({ pending, total, earlierBackends }: Pending, run: Run): Promise<ReadonlyMap<string, Outcome>> {
  const { options, display, status } = run;
  refuseOversizedTrials(pending, options.registry);
  await refuseMismatched(pending, options.registry);
  await status.enter('training');
  const notice = (line: string) => display.line(line);
  const { size, threads } = shareCores(options.workers, pending.length);
  const crowded = options.workers === undefined ? undefined : crowding(size);
  if (crowded !== undefined) notice(crowded);
  return run.time.withWorkers(size, threads, (profile) =>
    computeOn({ size, threads, profile }, { pending, total, earlierBackends }, run),
  );
}

async function computeOn(
  { size, threads, profile }: { readonly size: number; readonly threads: number; readonly profile: WorkersTime },
  { pending, total, earlierBackends }: Pending,
  run: Run,
): Promise<ReadonlyMap<string, Outcome>> {
  const { options, folder, display } = run;
  const notice = (line: string) => display.line(line);
  const config = {
    ...{ results: folder.root, backend: options.backend, plugins: options.plugins, workers: size },
    profile: options.time !== undefined,
  };
  const pool = new WorkerPool({ size, threads, config, notice, profile });
  const abort = () => pool.abort();
  options.signal.addEventListener('abort', abort);
  try {
    const worker = await pool.start();
    if (!worker) return new Map();
    refuseUntrainableTrials(pending, options.registry, worker);
    notice(`${worker.reason}; ${size} ${size === 1 ? 'worker' : 'workers'}`);
    const others = [...earlierBackends].filter((backend) => backend !== worker.backend);
    if (others.length > 0)
      notice(
        `Earlier trials of this table were computed on backend ${others.join(', ')}, the rest now on ${worker.backend}; ` +
          'use another --results folder to keep backends apart.',
      );
    const store = new StageStore(folder.stages);
    const { plan, work: workLeft } = await planTrials(pending, options.registry, run.codes, worker);
    if (options.rerun) for (const key of plan.stages.keys()) await store.remove(key);
    const finished = await store.finished(plan.stages.keys(), notice);
    const work = workLeft(finished);
    const secondsAfter = options.speed ? expectedTiming(pending) : 0;
    const tracker = new Tracker({ total, finished: total - pending.length, secondsAfter }, work, notice);
    display.start(() => tracker.snapshot(size));
    return await schedule({
      plan,
      finished,
      executor: pool,
      observer: isAboutSpeed(options.benchmark) ? tracker : removingUntrained(tracker, plan, store, notice),
      signal: options.signal,
      recordTask: recordTaskMaker(run, worker.backend, await currentCommit()),
    });
  } catch (error) {
    if (error instanceof FatalError) throw toError(error.error);
    throw error;
  } finally {
    options.signal.removeEventListener('abort', abort);
    display.stop();
    await pool.close();
  }
}

function recordTaskMaker({ options: { benchmark, scale }, codes }: Run, backend: string, commit: Commit) {
  const plugins = codes.plugins();
  return (trial: PlannedTrial, failure: string | null, finished: readonly string[]): RecordTask => ({
    type: 'record',
    benchmark: benchmark.id,
    scale,
    trial,
    failure,
    finished,
    code: codes.code(trial.spec, backend),
    ...(plugins.length > 0 && { plugins: [...plugins] }),
    ...commit,
  });
}

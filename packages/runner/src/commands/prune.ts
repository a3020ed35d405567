import { PrunebenchError, printable, type ScaleName, type TrialRecord } from '@prunebench/core';
import { readTable } from '@prunebench/records';
import type { AskedLatency } from '../latency/ask-latency.ts';
import type { Found } from '../latency/found.ts';
import { describeFound, foundInJson, type LatencyTarget } from '../latency/latency-target.ts';
import { declareTrials } from '../plan/plan.ts';
import { trialsOf } from '../plan/trials-of.ts';
import { RunTime } from '../profile/run-time.ts';
import { captionOf } from '../question/caption.ts';
import type { CostTarget } from '../question/lists.ts';
import { type Asked, askOwnQuestion } from '../question/own-question.ts';
import { loadRegistry, type Registry } from '../registry.ts';
import { refusePublished, resultsFolder } from '../results/results-folder.ts';
import type { RunSummary } from '../run-summary.ts';
import { conduct, finishProfile, inJson, printProblems, type Stop, stopOnSignals } from './conduct.ts';

export interface PruneCommandOptions {
  readonly dataset: string;
  readonly network: string;
  readonly criterion?: readonly string[];
  readonly method?: readonly string[];
  readonly sparsity?: readonly number[];
  readonly units?: readonly number[];
  readonly target?: CostTarget;
  readonly batch?: number;
  readonly lambda?: readonly number[];
  readonly scope?: string;
  readonly allocation?: string;
  readonly granularity?: string;
  readonly schedule?: string;
  readonly exclude?: readonly string[];
  readonly like?: string;
  readonly set: readonly string[];
  readonly scale: ScaleName;
  readonly seeds: number;
  readonly seed?: readonly number[];
  readonly workers?: number;
  readonly backend: string;
  readonly results: string;
  readonly rerun: boolean;
  readonly keep: boolean;
  readonly speed: boolean;
  readonly dryRun: boolean;
  readonly quiet: boolean;
  readonly profile: boolean;
  readonly plugin: readonly string[];
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Computes what is missing of a question of one's own, then prints its answer. */
export async function prune(options: PruneCommandOptions): Promise<void> {
  refusePublished(options.results, 'What prune computes');
  const registry = await loadRegistry(options.plugin);
  const seeds = options.seed ?? options.seeds;
  const question = await askOwnQuestion(
    { ...options, ...subjectOf(options), seeds, options: flagsOf(options) },
    registry,
  );
  const target = latencyTarget(options, seeds);
  if (!options.quiet) for (const line of captionOf(question, options.scale)) console.error(printable(line));
  const stop = stopOnSignals();
  const timed = target && (await searched(question, target, options, registry, stop));
  if (target && !timed) return;
  const asked = timed?.asked ?? question;
  const { benchmark, budget } = asked;
  const conclude = async (summary: RunSummary) => {
    printProblems(summary);
    // A run that was stopped has an answer of the trials that are there.
    await answer(asked, timed?.found ?? [], summary, { ...options, seeds, time }, registry);
  };
  const time = options.profile ? new RunTime() : undefined;
  const whole = {
    ...options,
    time,
    seeds,
    benchmark,
    filters: [],
    registry,
    plugins: options.plugin,
    retime: false,
    command: process.argv.slice(2),
    stream: options.quiet ? null : process.stderr,
    signal: stop.signal,
    conclude,
  };
  await conduct(whole, stop, options, budget.benchmark ? [budget.benchmark] : []);
  if (options.dryRun && !options.json) for (const line of timed?.unknown ?? []) console.log(line);
}

/** The latency that is asked for. */
function latencyTarget(
  { target, batch }: PruneCommandOptions,
  seeds: number | readonly number[],
): LatencyTarget | undefined {
  if (target && 'latency' in target)
    return { shares: target.latency, batchSize: batch ?? 1, seed: typeof seeds === 'number' ? 0 : seeds[0] };
  if (batch === undefined) return undefined;
  throw new PrunebenchError('--batch says at which batch a latency is measured, and none is asked for.', {
    remedy: 'Add --target latency=0.5, or leave --batch out; ./prunebench time --batch times a finished trial.',
  });
}

/** The question at the sparsities that are found for its latency; undefined where the search was stopped. */
async function searched(
  question: Asked,
  target: LatencyTarget,
  options: PruneCommandOptions,
  registry: Registry,
  stop: Stop,
): Promise<AskedLatency | undefined> {
  // It brings the kernels along, which no other question needs in this process.
  const { askLatency } = await import('../latency/ask-latency.ts');
  const search = {
    ...options,
    registry,
    plugins: options.plugin,
    command: process.argv.slice(2),
    stream: options.quiet ? null : process.stderr,
    signal: stop.signal,
  };
  try {
    const found = await askLatency(question, target, search);
    if (found) return found;
  } catch (error) {
    stop.dispose();
    throw error;
  }
  stop.dispose();
  process.exitCode = stop.exitCode();
  console.error(
    'Stopped while the sparsity was searched for. The same command goes on from here: networks that were pruned are kept.',
  );
  if (options.json) console.log(JSON.stringify({ table: question.benchmark.id, rows: [], latency: [], aborted: true }));
  return undefined;
}

/** What is compared, and where on its axis. */
function subjectOf({ criterion, method, sparsity, units, target, lambda }: PruneCommandOptions) {
  const points =
    (target && ('points' in target ? target.points : [{ sparsity: 0.9 }])) ??
    units?.map((share) => ({ units: share })) ??
    lambda?.map((strength) => ({ lambda: strength })) ??
    (sparsity ?? [0.9]).map((share) => ({ sparsity: share }));
  const methods = method ?? [];
  return { criteria: criterion ?? (methods.length > 0 ? [] : ['magnitude']), methods, points };
}

/** The options of methods that have a flag of their own, of those that were given. */
function flagsOf({ scope, allocation, granularity, schedule, exclude }: PruneCommandOptions) {
  return {
    ...(scope !== undefined && { scope }),
    ...(allocation !== undefined && { allocation }),
    ...(granularity !== undefined && { granularity }),
    ...(schedule !== undefined && { schedule: { kind: schedule } }),
    ...(exclude !== undefined && { exclude: [...exclude] }),
  };
}

/** Prints the answer that the records of the question's own trials give. */
async function answer(
  { benchmark }: Asked,
  found: readonly Found[],
  summary: RunSummary,
  options: Pick<PruneCommandOptions, 'scale' | 'results' | 'markdown' | 'json' | 'quiet'> & {
    seeds: number | readonly number[];
    time: RunTime | undefined;
  },
  registry: Registry,
): Promise<void> {
  const { scale, results, markdown, json, quiet } = options;
  const folder = resultsFolder(results);
  const all = await readTable(folder.table(benchmark.id, scale), (line) => console.error(line));
  const declarations = trialsOf(benchmark, scale);
  const trials = declareTrials(declarations, options.seeds, registry);
  const records = trials.flatMap(({ name }): TrialRecord[] => {
    const record = all.get(name);
    return record ? [record] : [];
  });
  // The report's statistics come with its plots, whose library should not keep wrong input waiting for its answer.
  const { answerInJson, answerOf, answerText } = await import('../question/answer.ts');
  const rows = answerOf(records, declarations);
  if (json)
    console.log(
      JSON.stringify(
        {
          table: benchmark.id,
          scale,
          results: folder.root,
          ...answerInJson(rows),
          latency: foundInJson(found),
          ...inJson(summary),
          ...(options.time && { profile: (await finishProfile(options.time, benchmark.id, options)).profile }),
        },
        null,
        2,
      ),
    );
  else {
    const { print, settingFor } = await import('../terminal/setting.ts');
    const set = settingFor(markdown, process.stdout);
    for (const part of answerText(rows, set)) print(part);
    if (found.length > 0) print(['', ...found.map((each) => set.text(describeFound(each)))].join('\n'));
    const profiled = options.time && (await finishProfile(options.time, benchmark.id, options));
    if (quiet) return;
    console.log(`Records: ${benchmark.id} in ${folder.root}`);
    if (profiled) console.log(profiled.file);
  }
}

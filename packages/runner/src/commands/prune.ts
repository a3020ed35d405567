import { type AxisPoint, printable, type ScaleName, type TrialRecord } from '@prunebench/core';
import { readTable } from '@prunebench/records';
import { declareTrials } from '../plan/plan.ts';
import { RunTime } from '../profile/run-time.ts';
import { captionOf } from '../question/caption.ts';
import { type Asked, askOwnQuestion } from '../question/own-question.ts';
import { loadRegistry, type Registry } from '../registry.ts';
import { refusePublished, resultsFolder } from '../results/results-folder.ts';
import type { RunSummary } from '../run.ts';
import { conduct, finishProfile, inJson, printProblems, stopOnSignals } from './conduct.ts';

export interface PruneCommandOptions {
  readonly dataset: string;
  readonly network: string;
  readonly criterion?: readonly string[];
  readonly method?: readonly string[];
  readonly sparsity?: readonly number[];
  readonly units?: readonly number[];
  readonly target?: readonly AxisPoint[];
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
  const asked = await askOwnQuestion({ ...options, ...subjectOf(options), seeds, options: flagsOf(options) }, registry);
  const { benchmark, budget } = asked;
  if (!options.quiet) for (const line of captionOf(asked, options.scale)) console.error(printable(line));
  const stop = stopOnSignals();
  const conclude = async (summary: RunSummary) => {
    printProblems(summary);
    // A run that was stopped has an answer of the trials that are there.
    await answer(asked, summary, { ...options, seeds, time }, registry);
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
}

/** What is compared, and where on its axis. */
function subjectOf({ criterion, method, sparsity, units, target, lambda }: PruneCommandOptions) {
  const points =
    target ??
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
  const declarations = benchmark.trials(scale);
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
          ...inJson(summary),
          ...(options.time && { profile: (await finishProfile(options.time, benchmark.id, options)).profile }),
        },
        null,
        2,
      ),
    );
  else {
    const { print, settingFor } = await import('../terminal/setting.ts');
    for (const part of answerText(rows, settingFor(markdown, process.stdout))) print(part);
    const profiled = options.time && (await finishProfile(options.time, benchmark.id, options));
    if (quiet) return;
    console.log(`Records: ${benchmark.id} in ${folder.root}`);
    if (profiled) console.log(profiled.file);
  }
}

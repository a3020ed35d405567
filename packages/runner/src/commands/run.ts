import { constants } from 'node:os';
import { printable, type ScaleName, scales } from '@prunebench/core';
import type { RecordTable } from '@prunebench/records';
import type { BenchmarkEntry } from '../benchmark-folders.ts';
import { lookUp } from '../options/suggest.ts';
import { parseFilter } from '../plan/filter.ts';
import { describeSpec } from '../plan/plan.ts';
import { describeDryRun, dryRunInJson } from '../preview/describe.ts';
import { type DryRun, dryRun } from '../preview/dry-run.ts';
import { currentCommit } from '../provenance.ts';
import { deriveBenchmark, isChanged } from '../question/derived-benchmark.ts';
import { loadRegistry, type Registry } from '../registry.ts';
import { publishedResults } from '../results/default-folders.ts';
import { checkPublished } from '../results/published-of.ts';
import { pluginsOf, registryFor } from '../results/remembered-plugins.ts';
import { refusePublished, resultsFolder } from '../results/results-folder.ts';
import { resultsOfRun } from '../results/results-of-run.ts';
import { type RunSummary, runBenchmark } from '../run.ts';
import { fileLink } from '../terminal/link.ts';

export interface RunCommandOptions {
  readonly scale: ScaleName;
  readonly seeds?: number;
  readonly seed?: readonly number[];
  readonly sparsity?: readonly number[];
  readonly set: readonly string[];
  readonly workers?: number;
  readonly backend: string;
  /** Absent where the kind of run decides. */
  readonly results?: string;
  readonly filter: readonly string[];
  readonly rerun: boolean;
  readonly keep: boolean;
  readonly dryRun: boolean;
  readonly quiet: boolean;
  readonly speed: boolean;
  readonly retime: boolean;
  readonly plugin: readonly string[];
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Runs what is missing of a benchmark, or of one that is derived from it, then writes its tables and plots. */
export async function run(name: string, given: RunCommandOptions): Promise<void> {
  const options = { ...given, results: given.results ?? (await chooseResults(given)) };
  const folder = resultsFolder(options.results);
  // Plugins that are named count in place of those that an earlier run of the benchmark was given.
  const plugins = options.plugin.length > 0 ? options.plugin : await pluginsOf(folder, [], { benchmark: name });
  const registry = await loadRegistry(plugins);
  const declared = lookUp(registry.benchmarks, 'benchmark', name);
  await checkPublished(await declared.load(), declared);
  // The leaderboard is over all benchmarks of the folder, whose plugins this run does not need.
  const everything = await registryFor(folder, plugins, name);
  const filters = options.filter.map(parseFilter);
  const { entry, notes } = await asked(declared, options, registry);
  if (!options.quiet) for (const note of notes) console.error(note);
  const stop = stopOnSignals();
  const conclude = async (summary: RunSummary) => {
    printProblems(summary);
    const files = summary.aborted ? [] : await report(entry, everything, options);
    if (options.json)
      console.log(JSON.stringify({ benchmark: entry.id, scale: options.scale, ...inJson(summary), files }, null, 2));
  };
  const whole = {
    ...options,
    seeds: options.seed ?? options.seeds,
    benchmark: await entry.load(),
    filters,
    registry,
    plugins,
    command: process.argv.slice(2),
    stream: options.quiet ? null : process.stderr,
    signal: stop.signal,
    conclude,
  };
  if (options.dryRun) {
    stop.dispose();
    return printDryRun(await dryRun(whole, publishedTables([name])), options.json);
  }
  const summary = await runBenchmark(whole).finally(stop.dispose);
  if (summary.errors.length > 0) process.exitCode = 1;
  if (summary.aborted) process.exitCode = stop.exitCode();
}

/** The benchmark as it is declared, or with the changes that are asked for. */
async function asked(
  entry: BenchmarkEntry,
  options: RunCommandOptions & { readonly results: string },
  registry: Registry,
): Promise<{ readonly entry: BenchmarkEntry; readonly notes: readonly string[] }> {
  if (!isChanged(options)) return { entry, notes: [] };
  const { benchmark, notes } = deriveBenchmark(await entry.load(), options.scale, options, registry);
  refusePublished(options.results, `The derived table ${benchmark.id}`);
  return { entry: { ...entry, id: benchmark.id, load: async () => benchmark }, notes };
}

/** The tables of benchmarks in the repository's own results, at every scale. */
export function publishedTables(benchmarks: readonly string[]): readonly RecordTable[] {
  return benchmarks.flatMap((id) => scales.map((scale) => resultsFolder(publishedResults).table(id, scale)));
}

export function printDryRun(run: DryRun, json: boolean): void {
  if (json) console.log(JSON.stringify(dryRunInJson(run), null, 2));
  else for (const line of describeDryRun(run)) console.log(printable(line));
}

/** The folder for a run that was given none; says so where it is not the published one. */
async function chooseResults(options: RunCommandOptions): Promise<string> {
  const { folder, scratch } = resultsOfRun(options, await currentCommit());
  if (scratch !== null && !options.quiet && !options.dryRun)
    console.error(
      `Writing to ${folder}, not to the published results/: ${scratch}. --results <folder> decides otherwise.`,
    );
  return folder;
}

/** Writes the report, prints the table of this scale unless JSON was asked for, and gives the paths of what was written. */
async function report(
  entry: BenchmarkEntry,
  registry: Registry,
  {
    results,
    scale,
    markdown,
    json,
    quiet,
  }: Pick<RunCommandOptions, 'scale' | 'markdown' | 'json' | 'quiet'> & { readonly results: string },
): Promise<readonly string[]> {
  // Plots need a large library, which should not keep wrong input waiting for its answer.
  const { writeReports } = await import('../results/report-sources.ts');
  const { reports, leaderboard } = await writeReports([entry], registry, resultsFolder(results), {
    notice: (line) => console.error(line),
  });
  const files = [...reports.flatMap((each) => each.files), ...leaderboard];
  if (json) return files;
  const { print, settingFor } = await import('../terminal/setting.ts');
  const set = settingFor(markdown, process.stdout);
  for (const { tables, notes } of reports) {
    for (const table of tables) if (table.scale === scale) print(`\n${set.report(table)}\n`);
    if (!quiet) for (const note of notes) print(set.text(note));
  }
  if (!quiet) {
    for (const file of files) console.log(file);
    for (const picture of reports.flatMap((each) => each.files).filter((file) => file.endsWith(`-${scale}.svg`)))
      process.stderr.write(`picture: ${fileLink(picture, process.stderr)}\n`);
  }
  return files;
}

/** With Ctrl-C, from another program, and when the terminal or what started the command is gone. */
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The first signal asks the run to stop, and gives its exit code; the second ends the process, unless it says that nobody is left. */
export function stopOnSignals(): { signal: AbortSignal; exitCode: () => number; dispose: () => void } {
  const controller = new AbortController();
  let exitCode = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      exitCode = 128 + constants.signals[signal];
      process.stderr.write('\nStopping at the next step; once more to stop at once.\n');
      controller.abort(signal);
    } else if (signal !== 'SIGHUP') process.exit(128 + constants.signals[signal]);
  };
  for (const signal of STOPS) process.on(signal, onSignal);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    dispose() {
      for (const signal of STOPS) process.off(signal, onSignal);
    },
  };
}

export function printProblems({ trials, skipped, finished, failed, errors, aborted }: RunSummary): void {
  for (const { trial, reason } of failed)
    console.error(`failed, recorded as a result: ${trial.series}, ${describeSpec(trial.spec)}: ${reason}`);
  const messages = new Map(errors.map(({ trial, error }) => [error.stack ?? error.message, { trial, error }]));
  for (const { trial, error } of messages.values()) {
    const others =
      errors.filter((other) => (other.error.stack ?? other.error.message) === (error.stack ?? error.message)).length -
      1;
    console.error(
      `error: ${trial.series}, ${describeSpec(trial.spec)}${others > 0 ? ` and ${others} other trials` : ''}: ${error.stack ?? error.message}`,
    );
    if (error.remedy) console.error(error.remedy);
  }
  if (aborted)
    console.error(
      `Stopped: ${skipped + finished + failed.length} of ${trials} trials are finished. The same command goes on from here; steps that were under way begin again.`,
    );
}

export function inJson({ trials, skipped, finished, failed, errors, speed, aborted }: RunSummary) {
  return {
    trials,
    skipped,
    finished,
    failed: failed.map(({ trial, reason }) => ({ key: trial.key, series: trial.series, spec: trial.spec, reason })),
    errors: errors.map(({ trial, error }) => ({
      key: trial.key,
      series: trial.series,
      spec: trial.spec,
      message: error.message,
    })),
    speed,
    aborted,
  };
}

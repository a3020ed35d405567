import type { ScaleName } from '@prunebench/core';
import type { BenchmarkEntry } from '../benchmark-folders.ts';
import { lookUp } from '../options/suggest.ts';
import { parseFilter } from '../plan/filter.ts';
import { RunTime } from '../profile/run-time.ts';
import { currentCommit } from '../provenance.ts';
import { deriveBenchmark, isChanged } from '../question/derived-benchmark.ts';
import { loadRegistry, type Registry } from '../registry.ts';
import { checkPublished } from '../results/published-of.ts';
import { pluginsOf, registryFor } from '../results/remembered-plugins.ts';
import { refusePublished, resultsFolder } from '../results/results-folder.ts';
import { resultsOfRun } from '../results/results-of-run.ts';
import type { RunSummary } from '../run-summary.ts';
import { fileLink } from '../terminal/link.ts';
import { conduct, finishProfile, inJson, printProblems, stopOnSignals } from './conduct.ts';

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
  /** Filters that have options of their own. */
  readonly series?: readonly string[];
  readonly network?: readonly string[];
  readonly dataset?: readonly string[];
  readonly rerun: boolean;
  readonly keep: boolean;
  readonly dryRun: boolean;
  readonly quiet: boolean;
  readonly speed: boolean;
  readonly retime: boolean;
  readonly profile: boolean;
  readonly plugin: readonly string[];
  readonly markdown: boolean;
  readonly json: boolean;
}

/** Runs what is missing of a benchmark, or of one that is derived from it, then writes its tables and plots. */
export async function run(name: string, typed: RunCommandOptions): Promise<void> {
  const given = { ...typed, filter: [...typed.filter, ...shortFilters(typed)] };
  const chosen = given.results === undefined ? resultsOfRun(given, await currentCommit()) : null;
  const options = { ...given, results: given.results ?? chosen!.folder };
  const folder = resultsFolder(options.results);
  // Plugins that are named count in place of those that an earlier run of the benchmark was given.
  const plugins = options.plugin.length > 0 ? options.plugin : await pluginsOf(folder, [], { benchmark: name });
  const registry = await loadRegistry(plugins);
  const declared = lookUp(registry.benchmarks, 'benchmark', name);
  await checkPublished(await declared.load(), declared);
  if (chosen && chosen.scratch !== null && !options.quiet && !options.dryRun)
    console.error(
      `Writing to ${chosen.folder}, not to the published results/: ${chosen.scratch}. --results <folder> decides otherwise.`,
    );
  // The leaderboard is over all benchmarks of the folder, whose plugins this run does not need.
  const everything = await registryFor(folder, plugins, name);
  const filters = options.filter.map(parseFilter);
  const { entry, notes } = await asked(declared, options, registry);
  if (!options.quiet) for (const note of notes) console.error(note);
  const stop = stopOnSignals();
  const conclude = async (summary: RunSummary) => {
    printProblems(summary);
    const write = () => report(entry, everything, options);
    const reported = summary.aborted ? [] : await (time?.during('report', write) ?? write());
    const profiled = time && (await finishProfile(time, entry.id, options));
    const files = [...reported, ...(profiled ? [profiled.file] : [])];
    if (profiled && !options.json && !options.quiet) console.log(profiled.file);
    if (options.json)
      console.log(
        JSON.stringify(
          {
            benchmark: entry.id,
            scale: options.scale,
            ...inJson(summary),
            ...(profiled && { profile: profiled.profile }),
            files,
          },
          null,
          2,
        ),
      );
  };
  const time = options.profile ? new RunTime() : undefined;
  const whole = {
    ...options,
    time,
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
  await conduct(whole, stop, options, [name]);
}

function shortFilters({ series = [], network = [], dataset = [] }: RunCommandOptions): readonly string[] {
  return Object.entries({ series, network, dataset }).flatMap(([key, values]) =>
    values.map((value) => `${key}=${value}`),
  );
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

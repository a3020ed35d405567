import { constants } from 'node:os';
import type { ScaleName } from '@prunebench/core';
import { Command, Option } from 'commander';
import { parseFilter } from '../filter.ts';
import { describeSpec } from '../plan.ts';
import { loadRegistry } from '../registry.ts';
import { writeReports } from '../report-sources.ts';
import { resultsFolder } from '../results-folder.ts';
import { type RunSummary, runBenchmark } from '../run.ts';
import { lookUp } from '../suggest.ts';
import { jsonOption, pluginOption, positiveInteger, resultsOption } from './options.ts';

interface Options {
  readonly scale: ScaleName;
  readonly seeds?: number;
  readonly workers?: number;
  readonly backend: string;
  readonly results: string;
  readonly filter: readonly string[];
  readonly plugin: readonly string[];
  readonly json: boolean;
}

export function runCommand(): Command {
  return new Command('run')
    .description('run the trials of a benchmark that have no record yet, then write its table and plot')
    .argument('<benchmark>', 'its name; see prunebench list benchmarks')
    .addOption(
      new Option('--scale <name>', 'smoke: seconds; cpu: minutes to hours; paper: the full protocol')
        .choices(['smoke', 'cpu', 'paper'])
        .default('cpu'),
    )
    .option('--seeds <number>', "how many seeds; by default the benchmark's own number", positiveInteger)
    .option('--workers <number>', 'processes that share the trials; by default one per core', positiveInteger)
    .addOption(new Option('--backend <name>', 'see prunebench list backends').default('auto').env('PRUNEBENCH_BACKEND'))
    .addOption(resultsOption())
    .option(
      '--filter <key=value>',
      'only trials with this network, dataset, method, series, sparsity, control, seed or options.<name>; repeatable',
      (text: string, filters: readonly string[]) => [...filters, text],
      [],
    )
    .addOption(pluginOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      `
Finished trials are skipped and shared stages are computed once, so the same command goes on where it was stopped.
Ctrl-C stops at the next training step; a second Ctrl-C stops at once. Nothing finished is lost either way.

Examples:
  prunebench run global-vs-layerwise --scale smoke
  prunebench run global-vs-layerwise --filter network=lenet-300-100 --filter sparsity=0.9 --filter sparsity=0.95
  prunebench run global-vs-layerwise --seeds 5 --workers 2 --backend native --results /tmp/mine`,
    )
    .action(run);
}

async function run(name: string, options: Options): Promise<void> {
  const registry = await loadRegistry(options.plugin);
  const entry = lookUp(registry.benchmarks, 'benchmark', name);
  const filters = options.filter.map(parseFilter);
  const stop = stopOnSignals();
  const summary = await runBenchmark({
    ...options,
    benchmark: await entry.load(),
    filters,
    registry,
    plugins: options.plugin,
    stream: process.stderr,
    signal: stop.signal,
  }).finally(stop.dispose);
  printProblems(summary);
  const folder = resultsFolder(options.results);
  const report = await writeReports(entry, registry, folder, (line) => console.error(line));
  if (options.json)
    console.log(
      JSON.stringify({ benchmark: name, scale: options.scale, ...inJson(summary), files: report.files }, null, 2),
    );
  else {
    for (const { scale, markdown } of report.tables) if (scale === options.scale) console.log(`\n${markdown}\n`);
    for (const note of report.notes) console.log(note);
    for (const file of report.files) console.log(file);
  }
  if (summary.errors.length > 0) process.exitCode = 1;
  if (summary.aborted) process.exitCode = 128 + constants.signals.SIGINT;
}

/** The first SIGINT or SIGTERM asks the run to stop, the second ends the process. */
function stopOnSignals(): { signal: AbortSignal; dispose: () => void } {
  const controller = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(128 + constants.signals[signal]);
    process.stderr.write('\nStopping at the next step; once more to stop at once.\n');
    controller.abort();
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  return { signal: controller.signal, dispose: () => process.off('SIGINT', onSignal).off('SIGTERM', onSignal) };
}

function printProblems({ trials, skipped, finished, failed, errors, aborted }: RunSummary): void {
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
      `Stopped: ${skipped + finished + failed.length} of ${trials} trials are finished. The same command goes on from here.`,
    );
}

function inJson({ trials, skipped, finished, failed, errors, aborted }: RunSummary) {
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
    aborted,
  };
}

/** What the commands that run trials have in common: how they are stopped, what a dry run is, what they say of problems. */
import { constants } from 'node:os';
import { printable, type ScaleName, scales } from '@prunebench/core';
import type { RecordTable } from '@prunebench/records';
import { describeSpec } from '../plan/plan.ts';
import { describeDryRun, dryRunInJson } from '../preview/describe.ts';
import { type DryRun, dryRun } from '../preview/dry-run.ts';
import type { RunProfile, RunTime } from '../profile/run-time.ts';
import { publishedResults } from '../results/default-folders.ts';
import { resultsFolder } from '../results/results-folder.ts';
import { type RunOptions, runBenchmark } from '../run.ts';
import type { RunSummary } from '../run-summary.ts';

/**
 * Runs the trials, or says what a run would be; the exit code tells of errors and of the signal that stopped it.
 *
 * @param paceOf benchmarks whose published records tell a dry run how long steps take
 */
export async function conduct(
  whole: RunOptions,
  stop: Stop,
  { dryRun: dry, json }: { readonly dryRun: boolean; readonly json: boolean },
  paceOf: readonly string[],
): Promise<void> {
  if (dry) {
    stop.dispose();
    return printDryRun(await dryRun(whole, publishedTables(paceOf)), json);
  }
  const summary = await runBenchmark(whole).finally(stop.dispose);
  if (summary.errors.length > 0) process.exitCode = 1;
  if (summary.aborted) process.exitCode = stop.exitCode();
}

/** The tables of benchmarks in the repository's own results, at every scale. */
function publishedTables(benchmarks: readonly string[]): readonly RecordTable[] {
  return benchmarks.flatMap((id) => scales.map((scale) => resultsFolder(publishedResults).table(id, scale)));
}

function printDryRun(run: DryRun, json: boolean): void {
  if (json) console.log(JSON.stringify(dryRunInJson(run), null, 2));
  else for (const line of describeDryRun(run)) console.log(printable(line));
}

/** With Ctrl-C, from another program, and when the terminal or what started the command is gone. */
const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How a run is asked to stop. */
export interface Stop {
  readonly signal: AbortSignal;
  /** Of the signal that asked; 0 before. */
  exitCode(): number;
  dispose(): void;
}

/** The first signal asks the run to stop, and gives its exit code; the second ends the process, unless it says that nobody is left. */
export function stopOnSignals(): Stop {
  const controller = new AbortController();
  let exitCode = 0;
  const onSignal = (signal: NodeJS.Signals) => {
    if (!controller.signal.aborted) {
      exitCode = 128 + constants.signals[signal];
      process.stderr.write(
        '\nStopping at the next step; what is cut short, a training for instance, begins again in the next run. Once more to stop at once.\n',
      );
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
      `Stopped: ${skipped + finished + failed.length} of ${trials} trials are finished. The same command goes on from here; steps that were under way begin again, trainings from their first epoch.`,
    );
}

/** Ends the profile of a run, writes it, and prints it unless JSON was asked for. */
export async function finishProfile(
  time: RunTime,
  benchmark: string,
  {
    scale,
    results,
    markdown,
    json,
  }: { readonly scale: ScaleName; readonly results: string; readonly markdown: boolean; readonly json: boolean },
): Promise<{ readonly profile: RunProfile; readonly file: string }> {
  const profile = time.end();
  const { profileText, writeProfile } = await import('../profile/show-profile.ts');
  const file = await writeProfile(profile, resultsFolder(results), benchmark, scale);
  if (!json) {
    const { print, settingFor } = await import('../terminal/setting.ts');
    print(`\n${profileText(profile, settingFor(markdown, process.stdout))}\n`);
  }
  return { profile, file };
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

import { MOST_THREADS } from '@prunebench/core/limits';
import { scales } from '@prunebench/core/scales';
import { InvalidArgumentError, Option } from 'commander';
import { pluginPath } from '../plugins/plugin-path.ts';
import { seedList } from '../question/lists.ts';
import { publishedResults, scratchResults } from '../results/default-folders.ts';
import { fromHere } from './from-here.ts';

/** `--results DIR`; by default the repository's own results/. */
export function resultsOption(): Option {
  return anyResultsOption().default(publishedResults, 'results/ of this repository');
}

/** The same for a command that chooses a folder itself where none is given. */
export function anyResultsOption(): Option {
  return new Option('--results <folder>', 'where records, tables and plots go').argParser((path: string) =>
    fromHere(path),
  );
}

/** `--results DIR` of questions of one's own, whose numbers are not published. */
export function scratchOption(): Option {
  return anyResultsOption().default(scratchResults, 'local-results/ of this repository');
}

export function rerunOption(): Option {
  return new Option('--rerun', 'compute finished trials again, from their first step, whatever computed their records')
    .default(false)
    .conflicts('keep');
}

export function keepOption(): Option {
  return new Option(
    '--keep',
    'keep records that another version of the suite computed, and compute only what is missing',
  ).default(false);
}

export function dryRunOption(): Option {
  return new Option(
    '--dry-run',
    'show the trials and stages that would be computed, which are finished, and about how long it would take; nothing is written',
  ).default(false);
}

export function profileOption(): Option {
  return new Option(
    '--profile',
    'say where the time went: a table behind the results, and <benchmark>/profile-<scale>.csv beside them',
  ).default(false);
}

export function quietOption(): Option {
  return new Option(
    '--quiet',
    'print the table and errors alone; progress goes to the log in the results folder',
  ).default(false);
}

export function scaleOption(): Option {
  return new Option('--scale <name>', 'smoke: seconds; cpu: minutes to hours; paper: the full protocol')
    .choices(scales)
    .default('cpu');
}

export function workersOption(): Option {
  return new Option(
    '--workers <number>',
    'processes that share the trials; by default as many as the cores have room for',
  ).argParser(wholeNumber(MOST.workers));
}

/** `--set path=value`, several times. */
export function setOption(): Option {
  return new Option(
    '--set <path=value>',
    'change an option of the trials: pretrain.<option>, retrain.<option> or options.<option of the method>; repeatable',
  )
    .argParser((text: string, all: readonly string[]) => [...all, text])
    .default([], 'none');
}

/** `--seed LIST`. */
export function seedOption(): Option {
  return new Option('--seed <list>', 'these seeds, such as 7, 0,2,4 or 5..9').argParser(seedList).conflicts('seeds');
}

/** `--backend NAME`, or the environment variable. */
export function backendOption(): Option {
  return new Option('--backend <name>', 'see ./prunebench list backends').default('auto').env('PRUNEBENCH_BACKEND');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs to read').default(false);
}

/** `--markdown`: for what is drawn otherwise. */
export function markdownOption(): Option {
  return new Option('--markdown', 'print tables as Markdown, to be pasted, and not as drawn for a terminal')
    .conflicts('json')
    .default(false);
}

/** `--plugin FILE`, several times. */
export function pluginOption(): Option {
  return new Option(
    '--plugin <file>',
    'a module, by its path or as an installed package, whose default export adds criteria, methods, networks, datasets or benchmarks; repeatable',
  )
    .argParser((name: string, files: string[] = []) => [...files, pluginPath(name, fromHere('.'))])
    .default([], 'none');
}

/** How much may be asked for, so that a slip of the finger is refused before anything is allocated for it. */
export const MOST = { seeds: 10_000, workers: 1024, threads: MOST_THREADS, batch: 8192, rounds: 10_000 } as const;

/** Parses a whole number from 1 to `most`. */
export function wholeNumber(most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!Number.isInteger(value) || value < 1 || value > most)
      throw new InvalidArgumentError(`It must be a whole number from 1 to ${most}.`);
    return value;
  };
}

/** A comma-separated list of what `parse` accepts. */
export function listOf<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map((part) => parse(part.trim()));
}

import { join } from 'node:path';
import { InvalidArgumentError, Option } from 'commander';
import { pluginPath } from '../plugins/plugin-path.ts';
import { repositoryRoot } from '../repository.ts';
import { fromHere } from './from-here.ts';

/** `--results DIR`; by default the repository's own results/. */
export function resultsOption(): Option {
  return anyResultsOption().default(join(repositoryRoot, 'results'), 'results/ of this repository');
}

/** The same for a command that chooses a folder itself where none is given. */
export function anyResultsOption(): Option {
  return new Option('--results <folder>', 'where records, tables and plots go').argParser((path: string) =>
    fromHere(path),
  );
}

/** `--backend NAME`, or the environment variable. */
export function backendOption(): Option {
  return new Option('--backend <name>', 'see prunebench list backends').default('auto').env('PRUNEBENCH_BACKEND');
}

export function jsonOption(): Option {
  return new Option('--json', 'print JSON for programs to read').default(false);
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

/** A whole number of at least 1. */
export function positiveInteger(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1) throw new InvalidArgumentError('It must be a whole number of at least 1.');
  return value;
}

/** A comma-separated list of what `parse` accepts. */
export function listOf<T>(parse: (text: string) => T): (text: string) => T[] {
  return (text) => text.split(',').map((part) => parse(part.trim()));
}

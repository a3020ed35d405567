import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Benchmark, PrunebenchError } from '@prunebench/core';
import { exists } from '@prunebench/files';
import { importModule } from './plugins/import-module.ts';
import { faultsOf } from './plugins/load.ts';
import { benchmark as benchmarkSchema } from './plugins/schema.ts';
import { repositoryRoot } from './repository.ts';

export interface BenchmarkEntry {
  readonly id: string;
  /** The folder with its published.csv and README.md; absent for a plugin's that names none. */
  readonly folder?: string;
  /** The file of the plugin that declares it; absent for the repository's own. */
  readonly plugin?: string;
  load(): Promise<Benchmark>;
}

const REMEDY =
  "Correct it there: it exports defineBenchmark({ id: '<name of the folder>', ... }) as its default. docs/how-to-add-a-benchmark.md shows a whole one.";

/**
 * Every folder that declares a benchmark; a declaration is loaded when it is asked for, so that a faulty one does not keep anybody from
 * the others.
 *
 * @param root the folder of the folders: benchmarks/ of the repository
 */
export async function benchmarkFolders(
  root: string = join(repositoryRoot, 'benchmarks'),
): Promise<readonly BenchmarkEntry[]> {
  const names = (await readdir(root)).sort();
  const declared = await Promise.all(names.map((name) => exists(join(root, name, 'benchmark.ts'))));
  return names
    .filter((_, i) => declared[i])
    .map((id) => {
      const folder = join(root, id);
      return { id, folder, load: () => loadBenchmark(id, join(folder, 'benchmark.ts')) };
    });
}

async function loadBenchmark(id: string, file: string): Promise<Benchmark> {
  const fault = (reason: string, cause?: unknown, remedy: string = REMEDY) =>
    new PrunebenchError(`The benchmark ${file} could not be loaded: ${reason.replace(/\.$/, '')}.`, { remedy, cause });
  const module = await importModule(file, fault);
  if (!('default' in module)) throw fault('it has no default export');
  const declared = module.default;
  if (typeof declared !== 'object' || declared === null) throw fault('its default export is not a benchmark');
  if (!isBenchmark(declared)) throw fault(faultsOf(benchmarkSchema.safeParse(declared).error!, declared));
  if (declared.id !== id)
    throw fault(
      `its id is "${declared.id}", and its folder is called "${id}"`,
      undefined,
      `Give both one name: id: '${id}'.`,
    );
  return declared;
}

/** The declaration itself goes on, not what the schema makes of it. */
function isBenchmark(declared: object): declared is Benchmark {
  return benchmarkSchema.safeParse(declared).success;
}

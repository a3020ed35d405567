import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Benchmark,
  type Criterion,
  type DatasetEntry,
  type ExtensionEntry,
  fromCriterion,
  type Method,
  type NetworkEntry,
  type Plugin,
  PrunebenchError,
  refuseOddId,
  type StepKind,
} from '@prunebench/core';
import initialization from '@prunebench/criterion-initialization';
import magnitude from '@prunebench/criterion-magnitude';
import secondOrder from '@prunebench/criterion-second-order';
import data from '@prunebench/data';
import { exists } from '@prunebench/files';
import methods from '@prunebench/methods';
import models, { findNetwork, isScaledName } from '@prunebench/models';
import training from '@prunebench/training';
import { loadPlugin } from './plugins/load.ts';
import { repositoryRoot } from './repository.ts';

/** The suite's own families. A new one adds its import above and its name here; what it holds is its own affair. */
const families: readonly Plugin[] = [magnitude, initialization, secondOrder, methods, training, data, models];

export interface BenchmarkEntry {
  readonly id: string;
  /** Its folder with published.csv and README.md; absent for a plugin's. */
  readonly folder?: string;
  load(): Promise<Benchmark>;
}

/** Everything that can be named on the command line or in a benchmark. */
export interface Registry {
  readonly criteria: ReadonlyMap<string, Criterion>;
  readonly methods: ReadonlyMap<string, Method>;
  readonly steps: ReadonlyMap<string, StepKind>;
  readonly extensions: ReadonlyMap<string, ExtensionEntry>;
  readonly datasets: ReadonlyMap<string, DatasetEntry>;
  readonly networks: ReadonlyMap<string, NetworkEntry>;
  readonly benchmarks: ReadonlyMap<string, BenchmarkEntry>;
  /** Absolute paths of the plugin modules among whose entries these are. */
  readonly plugins: readonly string[];
  /**
   * A network by name, also by one that is not listed because it scales a listed one ("resnet-20-w0.5").
   *
   * @throws PrunebenchError for an unknown name
   */
  network(id: string): NetworkEntry;
}

/**
 * The suite's families, the folders under benchmarks/ and the plugins, merged.
 *
 * @param plugins absolute paths of modules
 * @throws PrunebenchError for a plugin that cannot be loaded, for an id that is not plain and for one that is taken twice
 */
export async function loadRegistry(plugins: readonly string[] = []): Promise<Registry> {
  return merge([...families, ...(await Promise.all(plugins.map(loadPlugin)))], await benchmarkFolders(), plugins);
}

function merge(all: readonly Plugin[], folders: readonly BenchmarkEntry[], plugins: readonly string[]): Registry {
  const criteria = all.flatMap((plugin) => plugin.criteria ?? []);
  const methods = all.flatMap((plugin) => plugin.methods ?? []);
  const networks = unique(
    'network',
    all.flatMap((plugin) => plugin.networks ?? []),
    ({ id }) => id,
  );
  // A name with a width suffix is the suite's although it is not listed.
  for (const id of networks.keys()) if (isScaledName(id)) throw twice('network', id);
  const benchmarks = all.flatMap((plugin) => plugin.benchmarks ?? []);
  return {
    criteria: unique('criterion', criteria, ({ id }) => id),
    methods: unique('method', [...criteria.map(fromCriterion), ...methods], ({ id }) => id),
    steps: unique(
      'kind of step',
      all.flatMap((plugin) => plugin.steps ?? []),
      ({ kind }) => kind,
    ),
    extensions: unique(
      'extension',
      all.flatMap((plugin) => plugin.extensions ?? []),
      ({ id }) => id,
    ),
    datasets: unique(
      'dataset',
      all.flatMap((plugin) => plugin.datasets ?? []),
      ({ id }) => id,
    ),
    networks,
    benchmarks: unique(
      'benchmark',
      [...folders, ...benchmarks.map((benchmark) => ({ id: benchmark.id, load: async () => benchmark }))],
      ({ id }) => id,
    ),
    plugins,
    network: (id) => networks.get(id) ?? findNetwork(id),
  };
}

/** Entries of one sort by their names, of which each stands for one of them. */
function unique<T>(what: string, entries: readonly T[], nameOf: (entry: T) => string): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const entry of entries) {
    const name = nameOf(entry);
    refuseOddId(what, name);
    if (map.has(name)) throw twice(what, name);
    map.set(name, entry);
  }
  return map;
}

function twice(what: string, name: string): PrunebenchError {
  return new PrunebenchError(`There are two entries for ${what} "${name}".`, {
    remedy: 'Give the one in your plugin another id.',
  });
}

/** Every folder under benchmarks/ that declares one. */
async function benchmarkFolders(): Promise<readonly BenchmarkEntry[]> {
  const root = join(repositoryRoot, 'benchmarks');
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
  const { default: benchmark }: { default?: Benchmark } = await import(pathToFileURL(file).href);
  if (benchmark?.id === id) return benchmark;
  throw new PrunebenchError(`${file} does not declare benchmark "${id}" as its default export.`, {
    remedy: "Export default defineBenchmark({ id: '<name of the folder>', ... }).",
  });
}

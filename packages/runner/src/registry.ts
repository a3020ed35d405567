import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type Benchmark,
  type Criterion,
  type Dataset,
  fromCriterion,
  type Method,
  type Network,
  PrunebenchError,
  refuseOddId,
  type StepKind,
} from '@prunebench/core';
import { criteria as initialization } from '@prunebench/criterion-initialization';
import { criteria as magnitude } from '@prunebench/criterion-magnitude';
import { criteria as secondOrder } from '@prunebench/criterion-second-order';
import { datasets, type DatasetEntry as SuiteDataset } from '@prunebench/data';
import { buildModel, findModel, type ModelEntry, models } from '@prunebench/models';
import type { KernelInitializer } from '@prunebench/network';
import { pruneWhileAccurate, stepKinds } from '@prunebench/training';
import { exists } from './files.ts';
import { loadPlugin } from './plugins/load.ts';
import { repositoryRoot } from './repository.ts';

/** Every criterion, by family. A new family adds its import above and its line here; each criterion is a method too. */
const criteria: readonly Criterion<unknown>[] = [...magnitude, ...initialization, ...secondOrder];

/** Methods that are more than a criterion with a schedule. */
const methods: readonly Method<unknown>[] = [pruneWhileAccurate as Method<unknown>];

/** What a network is built for. */
export interface DataShape {
  readonly inputShape: readonly number[];
  readonly classes: number;
}

export interface DatasetEntry {
  readonly id: string;
  readonly title: string;
  readonly shape: DataShape;
  /** That of the data set, where it is known before it is loaded. */
  readonly checksum?: string;
  load(): Promise<Dataset>;
}

export interface NetworkEntry {
  readonly id: string;
  readonly title: string;
  /** How its kernels are drawn. */
  readonly initializer: KernelInitializer;
  build(shape: DataShape): Network;
}

export interface BenchmarkEntry {
  readonly id: string;
  /** Its folder with published.csv and README.md; absent for a plugin's. */
  readonly folder?: string;
  load(): Promise<Benchmark>;
}

/** Everything that can be named on the command line or in a benchmark. */
export interface Registry {
  readonly criteria: ReadonlyMap<string, Criterion<unknown>>;
  readonly methods: ReadonlyMap<string, Method<unknown>>;
  readonly stepKinds: ReadonlyMap<string, StepKind<unknown>>;
  readonly datasets: ReadonlyMap<string, DatasetEntry>;
  readonly models: ReadonlyMap<string, NetworkEntry>;
  readonly benchmarks: ReadonlyMap<string, BenchmarkEntry>;
  /** Absolute paths of the plugin modules among whose entries these are. */
  readonly plugins: readonly string[];
  /**
   * A network by name, also by one that is not listed because it scales a listed one ("resnet-20-w0.5").
   *
   * @throws PrunebenchError for an unknown name
   */
  model(id: string): NetworkEntry;
}

/**
 * The suite's entries and those of the plugins.
 *
 * @param plugins absolute paths of modules
 * @throws PrunebenchError for a plugin that cannot be loaded, for an id that is not plain and for one that is taken twice
 */
export async function loadRegistry(plugins: readonly string[] = []): Promise<Registry> {
  const added = await Promise.all(plugins.map(loadPlugin));
  const allCriteria = [...criteria, ...added.flatMap((plugin) => plugin.criteria ?? [])];
  const networks = byId('model', [
    ...models.map((model) => networkEntry(model)),
    ...added.flatMap((plugin) => plugin.models ?? []),
  ]);
  return {
    criteria: byId('criterion', allCriteria),
    methods: byId('method', [
      ...allCriteria.map((criterion) => fromCriterion(criterion) as Method<unknown>),
      ...methods,
      ...added.flatMap((plugin) => plugin.methods ?? []),
    ]),
    stepKinds: byName('kind of step', ({ kind }) => kind, [
      ...(stepKinds as readonly StepKind<unknown>[]),
      ...added.flatMap((plugin) => plugin.stepKinds ?? []),
    ]),
    datasets: byId('dataset', [...datasets.map(datasetEntry), ...added.flatMap((plugin) => plugin.datasets ?? [])]),
    models: networks,
    benchmarks: byId('benchmark', [
      ...(await benchmarkFolders()),
      ...added.flatMap((plugin) =>
        (plugin.benchmarks ?? []).map((benchmark) => ({ id: benchmark.id, load: async () => benchmark })),
      ),
    ]),
    plugins,
    model: (id) => networks.get(id) ?? networkEntry(findModel(id), id),
  };
}

function byId<T extends { readonly id: string }>(what: string, entries: readonly T[]): ReadonlyMap<string, T> {
  return byName(what, ({ id }) => id, entries);
}

function byName<T>(what: string, nameOf: (entry: T) => string, entries: readonly T[]): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const entry of entries) {
    const name = nameOf(entry);
    refuseOddId(what, name);
    if (map.has(name))
      throw new PrunebenchError(`There are two entries for ${what} "${name}".`, {
        remedy: 'Give the one in your plugin another id.',
      });
    map.set(name, entry);
  }
  return map;
}

function networkEntry(model: ModelEntry, id = model.id): NetworkEntry {
  return { id, title: model.title, initializer: model.initializer, build: (shape) => buildModel(id, shape) };
}

/** All but the id comes from the manifest when it is asked for: one that cannot be read spoils no other dataset. */
function datasetEntry(entry: SuiteDataset): DatasetEntry {
  return {
    id: entry.id,
    get title() {
      return entry.title;
    },
    get shape() {
      const { inputShape, classes } = entry.manifest;
      return { inputShape, classes };
    },
    get checksum() {
      return entry.checksum;
    },
    load: () => entry.load(),
  };
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
  const { default: benchmark } = (await import(pathToFileURL(file).href)) as { default?: Benchmark };
  if (benchmark?.id === id) return benchmark;
  throw new PrunebenchError(`${file} does not declare benchmark "${id}" as its default export.`, {
    remedy: "Export default defineBenchmark({ id: '<name of the folder>', ... }).",
  });
}

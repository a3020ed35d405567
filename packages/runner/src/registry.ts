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
import firstOrder from '@prunebench/criterion-first-order';
import initialization from '@prunebench/criterion-initialization';
import magnitude from '@prunebench/criterion-magnitude';
import secondOrder from '@prunebench/criterion-second-order';
import data from '@prunebench/data';
import methods from '@prunebench/methods';
import models, { findNetwork, isScaledName } from '@prunebench/models';
import training from '@prunebench/training';
import { type BenchmarkEntry, benchmarkFolders } from './benchmark-folders.ts';
import { loadPlugin } from './plugins/load.ts';

/** The suite's own families. A new one adds its import above and its name here; what it holds is its own affair. */
const families: readonly Plugin[] = [
  magnitude,
  initialization,
  firstOrder,
  secondOrder,
  methods,
  training,
  data,
  models,
];

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
 * @param plugins absolute paths of modules; one that is named twice counts once
 * @throws PrunebenchError for a plugin that cannot be loaded, for an id that is not plain and for one that is taken twice
 */
export async function loadRegistry(plugins: readonly string[] = []): Promise<Registry> {
  const files = [...new Set(plugins)];
  const own = await Promise.all(files.map(async (file) => ({ plugin: await loadPlugin(file), file })));
  return merge([...families.map((plugin) => ({ plugin, file: SUITE })), ...own], await benchmarkFolders(), files);
}

/** What stands for the files of the suite's own entries. */
const SUITE = 'the suite';

/** A family of the suite, or a plugin, with where it comes from. */
interface Source {
  readonly plugin: Plugin;
  readonly file: string;
}

/** An entry, with where it comes from. */
interface Sourced<T> {
  readonly entry: T;
  readonly file: string;
}

function merge(all: readonly Source[], folders: readonly BenchmarkEntry[], plugins: readonly string[]): Registry {
  const entries = <T>(of: (plugin: Plugin) => readonly T[] | undefined): readonly Sourced<T>[] =>
    all.flatMap(({ plugin, file }) => (of(plugin) ?? []).map((entry) => ({ entry, file })));
  const criteria = entries((plugin) => plugin.criteria);
  const methods = [
    ...criteria.map(({ entry, file }) => ({ entry: fromCriterion(entry), file })),
    ...entries((plugin) => plugin.methods),
  ];
  const networks = unique(
    'network',
    entries((plugin) => plugin.networks),
    ({ id }) => id,
    refuseScaledName,
  );
  const declared = entries((plugin) => plugin.benchmarks).map(({ entry, file }) => ({
    entry: ofPlugin(entry, file),
    file,
  }));
  return {
    criteria: unique('criterion', criteria, ({ id }) => id),
    methods: unique('method', methods, ({ id }) => id),
    steps: unique(
      'kind of step',
      entries((plugin) => plugin.steps),
      ({ kind }) => kind,
    ),
    extensions: unique(
      'extension',
      entries((plugin) => plugin.extensions),
      ({ id }) => id,
    ),
    datasets: unique(
      'dataset',
      entries((plugin) => plugin.datasets),
      ({ id }) => id,
    ),
    networks,
    benchmarks: unique(
      'benchmark',
      [...folders.map((entry) => ({ entry, file: entry.folder ?? SUITE })), ...declared],
      ({ id }) => id,
    ),
    plugins,
    network: (id) => networks.get(id) ?? findNetwork(id),
  };
}

function ofPlugin(benchmark: Benchmark, plugin: string): BenchmarkEntry {
  const { id, folder } = benchmark;
  return { id, plugin, ...(folder !== undefined && { folder }), load: async () => benchmark };
}

/** Entries of one sort by their names, of which each stands for one of them. */
function unique<T>(
  what: string,
  entries: readonly Sourced<T>[],
  nameOf: (entry: T) => string,
  refuse?: (name: string, file: string) => void,
): ReadonlyMap<string, T> {
  const map = new Map<string, Sourced<T>>();
  for (const sourced of entries) {
    const name = nameOf(sourced.entry);
    refuseOddId(what, name);
    refuse?.(name, sourced.file);
    const other = map.get(name);
    if (other) throw twice(what, name, [other.file, sourced.file]);
    map.set(name, sourced);
  }
  return new Map([...map].map(([name, { entry }]) => [name, entry]));
}

/** A name with a width suffix is the suite's although it is not listed. */
function refuseScaledName(name: string, file: string): void {
  if (isScaledName(name)) throw twice('network', name, [SUITE, file]);
}

function twice(what: string, name: string, [first, second]: readonly [string, string]): PrunebenchError {
  const where = first === second ? `both in ${first}` : `one in ${first}, one in ${second}`;
  return new PrunebenchError(`There are two entries for ${what} "${name}": ${where}.`, {
    remedy: `Give the one in ${second} another ${what === 'kind of step' ? 'name' : 'id'}.`,
  });
}

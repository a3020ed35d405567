import { basename, dirname, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  contentHash,
  type Network,
  type NetworkEntry,
  type Step,
  type TrialCode,
  type TrialSpec,
} from '@prunebench/core';
import { lookUp } from '../options/suggest.ts';
import { declaredSteps } from '../plan/declared.ts';
import type { Registry } from '../registry.ts';
import { repositoryRoot } from '../repository.ts';
import { definingModule } from './defining-module.ts';
import { engineOf, inSuite, isCode, mainModule, partsOf, union, whole } from './engine.ts';
import { type Closure, type Edge, ModuleGraph } from './module-graph.ts';

/** Something that a trial names, and where it is defined. */
interface Entry {
  /** "criterion snip", "step train" ... */
  readonly name: string;
  /** One; all plugins where a plugin makes the object anew whenever it is asked for it. */
  readonly files: readonly string[];
  /** The plugin or the package's main module that exports it. */
  readonly root: string;
}

interface Built {
  readonly network: Network;
  /** Of the graph and the initializer. */
  readonly digest: string;
}

const REGISTRY = fileURLToPath(new URL('../registry.ts', import.meta.url));

/**
 * By which code trials are computed, as digests. Every source is read once, as it lies there then.
 */
export class TrialCodes {
  readonly #registry: Registry;
  readonly #graph = new ModuleGraph();
  /** Main modules of the packages whose entries the registry lists. */
  readonly #packages: readonly string[];
  readonly #entries = new Map<string, Entry | undefined>();
  readonly #engines = new Map<string, Closure>();
  readonly #codes = new Map<string, Pick<TrialCode, 'entries' | 'engine'>>();
  readonly #networks = new Map<string, Built>();

  constructor(registry: Registry) {
    this.#registry = registry;
    const imports = this.#graph.edges(REGISTRY);
    this.#packages = imports.flatMap((edge) => ('file' in edge && !edge.relative ? [edge.file] : []));
  }

  /** Name of the file and digest of every plugin. */
  plugins(): readonly { file: string; digest: string }[] {
    return this.#registry.plugins.map((file) => ({
      file: basename(file),
      digest: digestOf(this.#own([file]), dirname(file)),
    }));
  }

  /** Finds where the entries are defined that these trials name; to be called before any of them is asked about. */
  async locate(specs: readonly TrialSpec[]): Promise<void> {
    for (const spec of specs)
      for (const [name, object] of this.#namedBy(spec))
        if (!this.#entries.has(name)) this.#entries.set(name, await this.#find(name, object));
  }

  /** By which code a trial is computed on a backend. */
  code(spec: TrialSpec, backend: string): TrialCode {
    return { ...this.#codeOf([...this.#namedBy(spec).keys()], backend), network: this.#network(spec).digest };
  }

  /** Digest of the code that computes these steps, one after the other, of a trial. */
  stage({ dataset }: TrialSpec, steps: readonly Step[], backend: string): string {
    return contentHash(this.#codeOf([...this.#named(dataset, steps).keys()], backend));
  }

  #namedBy(spec: TrialSpec): ReadonlyMap<string, unknown> {
    const steps = declaredSteps(spec, this.#network(spec).network, this.#registry);
    return this.#named(spec.dataset, steps).set(`method ${spec.method}`, this.#registry.methods.get(spec.method));
  }

  /** The objects that steps on a data set name. Criteria and extensions may be named in any option of a step. */
  #named(dataset: string, steps: readonly Step[]): Map<string, unknown> {
    const { criteria, extensions, steps: kinds } = this.#registry;
    const named = new Map<string, unknown>();
    named.set(`data set ${dataset}`, this.#registry.datasets.get(dataset));
    for (const { kind, options } of steps) {
      named.set(`step ${kind}`, kinds.get(kind));
      for (const id of stringsIn(options)) {
        if (criteria.has(id)) named.set(`criterion ${id}`, criteria.get(id));
        if (extensions.has(id)) named.set(`extension ${id}`, extensions.get(id));
      }
    }
    return named;
  }

  async #find(name: string, object: unknown): Promise<Entry | undefined> {
    const { plugins } = this.#registry;
    const found = await definingModule(object, [...this.#packages, ...plugins], this.#graph);
    if (found) return { name, files: [found.file], root: found.root };
    const ofCriterion = name.startsWith('method ') && this.#registry.criteria.has(name.slice('method '.length));
    return ofCriterion || plugins.length === 0 ? undefined : { name, files: plugins, root: plugins[0] };
  }

  #codeOf(names: readonly string[], backend: string): Pick<TrialCode, 'entries' | 'engine'> {
    const id = [backend, ...names].join('\0');
    const known = this.#codes.get(id);
    if (known) return known;
    const base = this.#engine(backend);
    const located = names.flatMap((name) => this.#entries.get(name) ?? []);
    const engine = [base, ...located.map((entry) => this.#beyond(entry))];
    const code = { entries: located.flatMap((entry) => this.#entry(entry, base)), engine: partsOf(union(...engine)) };
    this.#codes.set(id, code);
    return code;
  }

  /** An entry's own code: none where it is part of the engine, as the suite's data sets are. */
  #entry({ name, files, root }: Entry, engine: Closure): TrialCode['entries'] {
    const plugin = this.#registry.plugins.includes(root);
    if (!plugin && name.startsWith('data set ')) return [];
    const folder = plugin ? dirname(root) : repositoryRoot;
    const own = without(this.#own(files), engine);
    if (own.files.size === 0) return [];
    return [{ name, file: relative(folder, files[0]), digest: digestOf(own, folder) }];
  }

  /** The suite's code that an entry uses beyond its own. */
  #beyond({ name, files, root }: Entry): Closure {
    if (name.startsWith('data set ') && !this.#registry.plugins.includes(root))
      return this.#graph.closure(files.map(whole), isCode);
    const edges = [...this.#own(files).files.keys()].flatMap((own) => this.#graph.edges(own));
    return this.#graph.closure(
      edges.flatMap((edge) => ('file' in edge && !isOwn(edge) ? [edge] : [])),
      isCode,
    );
  }

  #own(files: readonly string[]): Closure {
    return this.#graph.closure(files.map(whole), isOwn);
  }

  #engine(backend: string): Closure {
    const known = this.#engines.get(backend);
    if (known) return known;
    const core = { file: mainModule('@prunebench/core'), names: ['fromCriterion'] };
    const engine = union(engineOf(backend, this.#graph), this.#graph.closure([core], isCode));
    this.#engines.set(backend, engine);
    return engine;
  }

  #network({ dataset, network: id }: TrialSpec): Built {
    const key = `${id}\0${dataset}`;
    const known = this.#networks.get(key);
    if (known) return known;
    const model = this.#registry.network(id);
    const network = model.build(lookUp(this.#registry.datasets, 'dataset', dataset).shape);
    const built = { network, digest: digestOfNetwork(network, model) };
    this.#networks.set(key, built);
    return built;
  }
}

/** Of the graph, how it is initialised, and the parameters that it brings along. */
function digestOfNetwork(network: Network, { initializer, pretrained }: NetworkEntry): string {
  return contentHash({ network, initializer, ...(pretrained && { pretrained: pretrained.checksum }) });
}

/** What belongs to an entry itself: what it names by path, and every package that is not the suite's. */
function isOwn(edge: Edge): boolean {
  return !('file' in edge) || edge.relative || !inSuite(edge.file);
}

function without({ files, libraries }: Closure, other: Closure): Closure {
  return {
    files: new Map([...files].filter(([file]) => !other.files.has(file))),
    libraries: new Map([...libraries].filter(([library]) => !other.libraries.has(library))),
  };
}

function digestOf({ files, libraries }: Closure, folder: string): string {
  const paths = [...files].map(([file, digest]) => [relative(folder, file), digest]);
  return contentHash({ files: paths.sort(), libraries: [...libraries].sort() });
}

function stringsIn(value: unknown): readonly string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
}

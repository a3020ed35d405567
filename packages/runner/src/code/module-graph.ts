/** Which modules a module is made of, and the digests of their sources. */
import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire, findPackageJSON, isBuiltin } from 'node:module';
import { dirname, resolve, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { readManifest } from '../package-manifest.ts';
import { type ModuleSource, type Names, readSource } from './module-source.ts';

/** From a module to what it imports. */
export type Edge = {
  readonly names: Names;
  /** Whether it is only loaded when the program gets there. */
  readonly later: boolean;
} & (FileEdge | LibraryEdge);

interface FileEdge {
  readonly file: string;
  /** Whether it is named by a path, and not as another package. */
  readonly relative: boolean;
}

/** A package of the registry, which its version says all about. */
interface LibraryEdge {
  readonly library: string;
  readonly version: string;
}

export interface Root {
  readonly file: string;
  readonly names: Names;
}

/** Everything that was reached: files with their digests, libraries with their versions. */
export interface Closure {
  readonly files: ReadonlyMap<string, string>;
  readonly libraries: ReadonlyMap<string, string>;
}

interface Module {
  readonly digest: string;
  readonly edges: readonly Edge[];
  /** Of a module that does nothing but re-export: where each name comes from; null for all names of a target. */
  readonly barrel: readonly { readonly edge: Edge; readonly names: ReadonlyMap<string, string> | null }[] | null;
}

const HERE = fileURLToPath(import.meta.url);
const CODE = /\.[cm]?[jt]sx?$/;

/** Reads every module once. */
export class ModuleGraph {
  readonly #modules = new Map<string, Module>();

  /** The edges of a module, re-exports among them. */
  edges(file: string): readonly Edge[] {
    const { edges, barrel } = this.#module(file);
    return [...edges, ...(barrel ?? []).map(({ edge }) => edge)];
  }

  /**
   * All that `roots` are made of. Of a module that only re-exports, what is imported by name counts and nothing else.
   *
   * @param follow whether an edge is gone along; by default each is
   */
  closure(roots: readonly Root[], follow: (edge: Edge) => boolean = () => true): Closure {
    const files = new Map<string, string>();
    const libraries = new Map<string, string>();
    const seen = new Set<string>();
    const open: Root[] = [...roots];
    const go = (edge: Edge, names: Names) => {
      if (!follow(edge)) return;
      if ('library' in edge) libraries.set(edge.library, edge.version);
      else open.push({ file: edge.file, names });
    };
    for (let root = open.pop(); root; root = open.pop()) {
      const { file, names } = root;
      const visit = `${file}\0${names === null ? '*' : names.join()}`;
      if (seen.has(visit)) continue;
      seen.add(visit);
      const { digest, edges, barrel } = this.#module(file);
      if (barrel === null || names === null) files.set(file, digest);
      for (const edge of edges) go(edge, edge.names);
      for (const { edge, names: exported } of barrel ?? []) {
        const wanted = names === null || exported === null ? names : names.filter((name) => exported.has(name));
        if (wanted?.length !== 0)
          go(edge, exported === null ? null : (wanted?.map((name) => exported.get(name)!) ?? null));
      }
    }
    return { files, libraries };
  }

  #module(file: string): Module {
    const known = this.#modules.get(file);
    if (known) return known;
    const module = read(file);
    this.#modules.set(file, module);
    return module;
  }
}

function read(file: string): Module {
  const bytes = readFileSync(file);
  if (!CODE.test(file)) return { digest: createHash('sha256').update(bytes).digest('hex'), edges: [], barrel: null };
  const source = readSource(bytes.toString('utf8'));
  return {
    digest: source.digest,
    edges: edgesOf(source, file),
    barrel: source.barrel ? barrelOf(source, file) : null,
  };
}

function edgesOf({ imports, reexports, barrel }: ModuleSource, file: string): readonly Edge[] {
  const asImports = barrel
    ? []
    : reexports.map(({ specifier, names }) => ({ specifier, later: false, ...keys(names) }));
  return [...imports, ...asImports].flatMap((found) => edgeTo(found.specifier, file, found.names, found.later) ?? []);
}

function keys(names: ReadonlyMap<string, string> | null): { names: Names } {
  return { names: names && [...names.values()] };
}

function barrelOf({ reexports }: ModuleSource, file: string) {
  return reexports.flatMap(({ specifier, names }) => {
    const edge = edgeTo(specifier, file, null, false);
    return edge ? [{ edge, names }] : [];
  });
}

/** Where an import leads; undefined for Node.js's own modules and for what is not there. */
function edgeTo(specifier: string, from: string, names: Names, later: boolean): Edge | undefined {
  if (isBuiltin(specifier)) return undefined;
  const byPath = /^(\.{0,2}\/|file:)/.test(specifier);
  const target = byPath ? fileEdge(fileAt(specifier, from), true) : packageAt(specifier, from);
  return target && { names, later, ...target };
}

function fileEdge(file: string | undefined, relative: boolean): FileEdge | undefined {
  return file === undefined ? undefined : { file, relative };
}

/** Packages as they were found, by the folder that they were asked from. */
const packages = new Map<string, FileEdge | LibraryEdge | undefined>();

function packageAt(specifier: string, from: string): FileEdge | LibraryEdge | undefined {
  const key = `${dirname(from)}\0${specifier}`;
  if (packages.has(key)) return packages.get(key);
  const own = specifier.startsWith('#');
  const found =
    (own ? undefined : libraryOf(specifier, from)) ??
    fileEdge(resolvedFrom(from, specifier) ?? resolvedFrom(HERE, specifier), own);
  packages.set(key, found);
  return found;
}

function fileAt(specifier: string, from: string): string | undefined {
  const path = specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(dirname(from), specifier);
  for (const candidate of [path, path.replace(/[?#].*$/, '')]) {
    const found = lstatSync(candidate, { throwIfNoEntry: false });
    if (found?.isFile()) return candidate;
    if (found?.isSymbolicLink()) return realpathSync(candidate);
  }
  return resolvedFrom(from, path);
}

/** As `require` finds it, which tries endings and index files; undefined where it finds nothing. */
function resolvedFrom(from: string, specifier: string): string | undefined {
  try {
    return createRequire(from).resolve(specifier);
  } catch {
    return undefined;
  }
}

/** Name and version of an installed package; undefined for one that is linked, whose files are followed instead. */
function libraryOf(specifier: string, from: string): LibraryEdge | undefined {
  const manifest = manifestOf(specifier, from) ?? manifestOf(specifier, HERE);
  if (manifest === undefined) return undefined;
  const path = realpathSync(manifest);
  if (!path.includes(`${sep}node_modules${sep}`)) return undefined;
  const { name, version } = readManifest(path);
  return { library: name ?? specifier, version };
}

function manifestOf(specifier: string, from: string): string | undefined {
  try {
    return findPackageJSON(specifier, pathToFileURL(from));
  } catch {
    return undefined;
  }
}

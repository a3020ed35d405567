/** The code that computes for every trial: the packages of the suite, the libraries they use, and the backend's kernels. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { contentHash } from '@prunebench/core';
import { repositoryRoot } from '../repository.ts';
import type { Closure, Edge, ModuleGraph, Root } from './module-graph.ts';

const require = createRequire(import.meta.url);

/** Files of this package that compute: what a stage does, what lies between two stages, what is measured and when. */
const OWN = [
  '../worker/run-stage.ts',
  '../worker/make-record.ts',
  '../stages/stage-store.ts',
  '../plan/evaluation-points.ts',
].map((path) => fileURLToPath(new URL(path, import.meta.url)));
const SUITE = ['packages', 'datasets'].map((folder) => join(repositoryRoot, folder) + sep);
/** Their content is in the data set's checksum. */
const DATA = SUITE[1];

/** Whether a file is one of the suite's packages. */
export function inSuite(file: string): boolean {
  return SUITE.some((folder) => file.startsWith(folder));
}

/** The file of a package's main module. */
export function mainModule(packageName: string): string {
  return require.resolve(packageName);
}

/** What every trial on `backend` is computed by. */
export function engineOf(backend: string, graph: ModuleGraph): Closure {
  const own = graph.closure(OWN.map(whole), (edge) => !('file' in edge));
  const used = OWN.flatMap((file) => graph.edges(file)).flatMap((edge) =>
    'file' in edge && !edge.relative ? [edge] : [],
  );
  const adapter = join(dirname(mainModule('@prunebench/backend-select')), 'backends', `${backend}.ts`);
  const reached = graph.closure([...used, ...(existsSync(adapter) ? [whole(adapter)] : [])], isCode);
  return union(own, reached, backend === 'native' ? kernels() : EMPTY);
}

/** Whether an edge leads to code and not to data with a checksum of its own. */
export function isCode(edge: Edge): boolean {
  return !('file' in edge && edge.file.startsWith(DATA));
}

function kernels(): Closure {
  const named = process.env.PRUNEBENCH_NATIVE_BINARY;
  if (named) return { files: new Map(), libraries: new Map([['PRUNEBENCH_NATIVE_BINARY', sha256(named)]]) };
  const folder = join(dirname(mainModule('@prunebench/backend-native')), 'cc');
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => /\.(cc|h)$/.test(name));
  const files = sources.map((name) => join(folder, name));
  return { files: new Map(files.map((file) => [file, sha256(file)])), libraries: new Map() };
}

function sha256(file: string): string {
  return createHash('sha256').update(readFileSync(file)).digest('hex');
}

export function whole(file: string): Root {
  return { file, names: null };
}

const EMPTY: Closure = { files: new Map(), libraries: new Map() };

export function union(...closures: readonly Closure[]): Closure {
  return {
    files: new Map(closures.flatMap(({ files }) => [...files])),
    libraries: new Map(closures.flatMap(({ libraries }) => [...libraries])),
  };
}

/** One digest for each package, one version for each library. */
export function partsOf({ files, libraries }: Closure): Readonly<Record<string, string>> {
  const packages = Map.groupBy(files, ([file]) => packageFolder(file));
  const digests = [...packages].map(([folder, list]) => {
    const paths = list.map(([file, digest]) => [relative(repositoryRoot, file), digest]);
    return [folder, contentHash(paths.sort())] as const;
  });
  return Object.fromEntries([...digests, ...libraries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const folders = new Map<string, string>();

/** The folder of a file's package, relative to the repository. */
function packageFolder(file: string): string {
  const folder = dirname(file);
  const known = folders.get(folder);
  if (known !== undefined) return known;
  const found = existsSync(join(folder, 'package.json')) ? relative(repositoryRoot, folder) : packageFolder(folder);
  folders.set(folder, found);
  return found;
}

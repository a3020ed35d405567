/**
 * Which package imports which, as the package files say, and as a table for docs/architecture.md.
 *
 *     pnpm package-map            writes the table
 *     pnpm package-map --check    only says whether it is up to date
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { markdownTable } from 'markdown-table';

const root = resolve(import.meta.dirname, '..');
export const pagePath = resolve(root, 'docs/architecture.md');

const BEGIN = '<!-- package map: written by `pnpm package-map` -->';
const END = '<!-- end of package map -->';

/** A workspace package. */
export interface Package {
  readonly name: string;
  /** Relative to the repository: "packages/core". */
  readonly folder: string;
  /** Names of the workspace's packages that its sources import. */
  readonly imports: readonly string[];
  /** Those that its tests and tools import besides. */
  readonly testImports: readonly string[];
  /** Libraries of the registry that its sources import. */
  readonly libraries: readonly string[];
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Every package of the workspace, by folder. */
export function workspacePackages(): readonly Package[] {
  const files = globSync('{packages,packages/backends,packages/criteria,benchmarks,datasets}/*/package.json', {
    cwd: root,
  });
  return [...files, 'scripts/package.json'].sort().map((file) => {
    const manifest: Manifest = JSON.parse(readFileSync(resolve(root, file), 'utf8'));
    const dependencies = Object.keys(manifest.dependencies ?? {});
    return {
      name: manifest.name,
      folder: relative(root, dirname(resolve(root, file))),
      imports: dependencies.filter(isOurs),
      testImports: Object.keys(manifest.devDependencies ?? {}).filter(isOurs),
      libraries: dependencies.filter((name) => !isOurs(name)),
    };
  });
}

function isOurs(name: string): boolean {
  return name.startsWith('@prunebench/');
}

/**
 * Floors: a package stands one above the highest that it imports.
 *
 * @throws Error naming the packages that import one another in a circle
 */
export function floors(packages: readonly Package[]): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  const byName = new Map(packages.map((entry) => [entry.name, entry]));
  const floorOf = (name: string, above: readonly string[]): number => {
    if (above.includes(name)) throw new Error(`a circle of imports: ${[...above, name].join(' -> ')}`);
    const known = found.get(name);
    if (known !== undefined) return known;
    const below = (byName.get(name)?.imports ?? []).map((next) => floorOf(next, [...above, name]));
    const floor = 1 + Math.max(-1, ...below);
    found.set(name, floor);
    return floor;
  };
  for (const { name } of packages) floorOf(name, []);
  return found;
}

/** One row for each package with sources, from the ground floor up. */
function packageTable(packages: readonly Package[] = workspacePackages()): string {
  const heights = floors(packages);
  const folderOf = new Map(packages.map(({ name, folder }) => [name, folder.replace(/^packages\//, '')]));
  const rows = packages
    .filter(({ folder }) => !folder.startsWith('datasets/') && !folder.startsWith('benchmarks/'))
    .toSorted((a, b) => heights.get(a.name)! - heights.get(b.name)!)
    .map(({ name, folder, imports }) => [
      `${heights.get(name)}`,
      `\`${folderOf.get(name)!}\``,
      imports
        .map((other) => folderOf.get(other)!)
        .filter((other) => !other.startsWith('datasets/'))
        .map((other) => `\`${other}\``)
        .join(' ') || (folder === 'scripts' ? '' : 'none of ours'),
    ]);
  return markdownTable([['floor', 'package', 'imports'], ...rows], { align: ['r', 'l', 'l'] });
}

/** The page with the table of today in its place. */
export function pageWithTable(page: string): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`${pagePath} lacks the line "${BEGIN}" or "${END}".`);
  return `${before}${BEGIN}\n\n${packageTable()}\n\n${END}${after}`;
}

if (import.meta.main) {
  const { check } = parseArgs({ options: { check: { type: 'boolean', default: false } } }).values;
  const page = readFileSync(pagePath, 'utf8');
  const current = pageWithTable(page);
  if (!check) writeFileSync(pagePath, current);
  else if (page !== current) {
    console.error('The package map in docs/architecture.md is out of date; run `pnpm package-map`.');
    process.exitCode = 1;
  }
}

import { globSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import test from 'ava';
import { floors, type Package, pagePath, pageWithTable, workspacePackages } from '../package-map.ts';

const root = resolve(import.meta.dirname, '../..');
const packages = workspacePackages();

/** What the files under some folders of a package import by name, apart from itself: read from the text, not from its manifest. */
function imported({ name, folder }: Package, place: string): ReadonlySet<string> {
  const files = globSync(`${folder}/${place}`, { cwd: root });
  const names = files.flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [...text.matchAll(/(?:from|import)\s*\(?\s*'(@prunebench\/[a-z0-9-]+)[^']*'/g)].map(([, found]) => found);
  });
  return new Set(names.filter((found) => found !== name));
}

test('imports between packages never go round in a circle', (t) => {
  t.notThrows(() => floors(packages));
  const circle = ['a', 'b'].map((name, i) => ({
    name,
    folder: name,
    imports: [i === 0 ? 'b' : 'a'],
    testImports: [],
    libraries: [],
  }));
  t.throws(() => floors(circle), { message: 'a circle of imports: a -> b -> a' });
});

test('no test depends on a package that depends on the tested one', (t) => {
  const heights = floors(packages);
  const reaches = (from: string, to: string): boolean =>
    from === to || packages.find(({ name }) => name === from)!.imports.some((next) => reaches(next, to));
  for (const { name, testImports } of packages)
    for (const other of testImports)
      if (heights.has(other)) t.false(reaches(other, name), `${name} is tested with ${other}, which imports it`);
});

test('a package imports what its manifest says, and nothing else', (t) => {
  for (const entry of packages.filter(({ folder }) => folder.startsWith('packages/'))) {
    const used = imported(entry, 'src/**/*.ts');
    for (const name of used) t.true(entry.imports.includes(name), `${entry.folder} imports ${name}`);
    // The runner offers its own dependencies to plugins, and signals is what a plugin's criterion is written with.
    const offered = entry.folder === 'packages/runner' ? ['@prunebench/signals'] : [];
    for (const name of entry.imports.filter(
      (name) => !name.startsWith('@prunebench/dataset-') && !offered.includes(name),
    ))
      t.true(used.has(name), `${entry.folder} has ${name} among its dependencies and does not import it`);
  }
});

test('benchmarks import core alone', (t) => {
  const benchmarks = packages.filter(({ folder }) => folder.startsWith('benchmarks/'));
  t.true(benchmarks.length > 0);
  for (const entry of benchmarks) {
    t.deepEqual(entry.imports, ['@prunebench/core'], entry.folder);
    t.deepEqual([...imported(entry, '*.ts')], ['@prunebench/core'], entry.folder);
    t.deepEqual(entry.libraries, [], entry.folder);
  }
});

test('core knows no tensor, no file and no other package', (t) => {
  const core = packages.find(({ folder }) => folder === 'packages/core')!;
  t.deepEqual(core.imports, []);
  t.deepEqual(
    core.libraries.filter((name) => name.includes('tensorflow')),
    [],
  );
  for (const file of globSync('packages/core/src/**/*.ts', { cwd: root }))
    t.notRegex(readFileSync(join(root, file), 'utf8'), /from 'node:(fs|path|os|child_process)/, file);
});

test('the map in docs/architecture.md is what the package files say (otherwise run `pnpm package-map`)', (t) => {
  const page = readFileSync(pagePath, 'utf8');
  t.is(page, pageWithTable(page));
});

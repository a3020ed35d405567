/** Casts say what nobody looks at. Those of the sources are counted, so that there are never more of them: CONTRIBUTING.md. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import test from 'ava';

/** How many there are. It goes down with each that is removed, and never up. */
const CASTS = 10;

const root = resolve(import.meta.dirname, '../..');

/** `as` with any type but `const`; the older form, in front of a value, is no TypeScript that Node.js runs, and tsc refuses it. */
const CAST = 'TsAsExpression() as $cast where { $cast <: not r"(?s).*\\bas\\s+const" }';

/** Where there are casts below a folder, one for each, as `file:line:column`. */
function castsBelow(folder: string, cwd: string): readonly string[] {
  const args = ['search', '--max-diagnostics=none', '--colors=off', CAST, folder];
  const biome = join(root, 'node_modules/.bin/biome');
  const text = execFileSync(biome, args, { cwd, encoding: 'utf8', stdio: 'pipe' });
  return [...text.matchAll(/^(\S+:\d+:\d+) search /gm)].map(([, place]) => place);
}

test('the sources of the packages have no more casts than before', (t) => {
  const found = castsBelow('packages', root).filter((place) => /\/src\//.test(place));
  const places = found.map((place) => `\n  ${place}`).join('');
  t.true(
    found.length <= CASTS,
    `${found.length} casts where ${CASTS} are left. Check the value instead: a schema where it comes from outside, a type guard ` +
      `(ofRank, isObject, instanceof), a generic or an overload where the types can know.${places}`,
  );
});

test('what counts as a cast', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'casts-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const lines = [
    'import { a as b } from "c";',
    'const twice = b as unknown as string;',
    'const list = [b as number,',
    '  2] as const;',
    'const text = `x as y`; // z as w',
    'const fits = { b } satisfies object;',
  ];
  writeFileSync(join(folder, 'example.ts'), `${lines.join('\n')}\n`);
  t.deepEqual(castsBelow('.', folder), ['example.ts:2:15', 'example.ts:2:15', 'example.ts:3:15']);
});

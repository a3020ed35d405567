import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { definingModule } from '../src/code/defining-module.ts';
import { ModuleGraph } from '../src/code/module-graph.ts';

/** A folder with these files. */
async function folder(files: Readonly<Record<string, string>>) {
  const root = await mkdtemp(join(tmpdir(), 'modules-'));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), text);
  }
  return { root, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

function reached(root: string, file: string, names: readonly string[] | null = null) {
  const { files, libraries } = new ModuleGraph().closure([{ file: join(root, file), names }]);
  return { files: [...files.keys()].map((path) => relative(root, path)).sort(), libraries: [...libraries.keys()] };
}

test('a closure holds every file that is imported by path, in circles and by require too, and its libraries', async (t) => {
  await using box = await folder({
    'a.ts': "import './b.ts'; import data from './data.json' with { type: 'json' }; import { z } from 'zod';",
    'b.ts': "import './a.ts'; const c = require('./c'); new URL('./weights.bin', import.meta.url);",
    'c.js': "module.exports = require('node:fs');",
    'data.json': '[1]',
    'weights.bin': 'xyz',
    'unrelated.ts': '',
  });
  t.deepEqual(reached(box.root, 'a.ts'), {
    files: ['a.ts', 'b.ts', 'c.js', 'data.json', 'weights.bin'],
    libraries: ['zod'],
  });
});

test('of a module that only re-exports, the names that are imported count', async (t) => {
  await using box = await folder({
    'user.ts': "import { a } from './index.ts';",
    'other.ts': "import * as all from './index.ts';",
    'index.ts': "export { a } from './a.ts';\nexport { b as c } from './b.ts';\nexport * from './rest/index.ts';",
    'a.ts': 'export const a = 1;',
    'b.ts': 'export const b = 1;',
    'rest/index.ts': "export { d } from './d.ts';",
    'rest/d.ts': 'export const d = 1;',
  });
  const star = ['rest/d.ts', 'rest/index.ts'];
  t.deepEqual(reached(box.root, 'user.ts').files, ['a.ts', ...star, 'user.ts']);
  t.deepEqual(reached(box.root, 'index.ts', ['c']).files, ['b.ts', ...star]);
  t.deepEqual(reached(box.root, 'other.ts').files, ['a.ts', 'b.ts', 'index.ts', 'other.ts', ...star]);
});

test('the module that defines an object is the last on the way that exports it', async (t) => {
  await using box = await folder({
    'index.ts': "import { inner } from './family.ts';\nexport default { criteria: [inner], more: [{ made: 'here' }] };",
    'family.ts': "export { inner } from './deep/inner.ts';\nexport const list = [1];",
    'deep/inner.ts': "import './helper.ts';\nexport const inner = { id: 'x' };",
    'deep/helper.ts': 'export const other = {};',
  });
  const root = join(box.root, 'index.ts');
  const { default: plugin } = (await import(pathToFileURL(root).href)) as {
    default: { criteria: object[]; more: object[] };
  };
  const graph = new ModuleGraph();
  t.deepEqual(await definingModule(plugin.criteria[0], [root], graph), { file: join(box.root, 'deep/inner.ts'), root });
  t.deepEqual(await definingModule(plugin.more[0], [root], graph), { file: root, root });
  t.is(await definingModule({ id: 'x' }, [root], graph), undefined);
});

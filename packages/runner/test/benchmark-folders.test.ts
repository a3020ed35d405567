/** Folders of benchmarks as a newcomer makes them: outside the repository, so that nothing finds a package by luck. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import test from 'ava';
import { benchmarkFolders } from '../src/benchmark-folders.ts';

// pnpm names its store here, in which `require` would find whatever is installed.
delete process.env.NODE_PATH;

const WHOLE = `import { defineBenchmark } from '@prunebench/core';
export default defineBenchmark({
  id: 'my-table', title: 'Mine', question: 'Does it run?', seeds: { smoke: 1, cpu: 3, paper: 5 }, trials: () => [], published: [],
});`;

async function folderWith(text: string) {
  const root = await mkdtemp(join(tmpdir(), 'prunebench-benchmarks-'));
  await mkdir(join(root, 'my-table'));
  const file = join(root, 'my-table', 'benchmark.ts');
  await writeFile(file, text);
  const [entry] = await benchmarkFolders(root);
  return { entry, file, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) };
}

test('a folder with nothing but benchmark.ts is a benchmark, and finds the packages of the suite', async (t) => {
  await using made = await folderWith(WHOLE);
  t.is(made.entry.id, 'my-table');
  t.is((await made.entry.load()).question, 'Does it run?');
});

const faulty: readonly (readonly [what: string, text: string, says: RegExp, remedy: RegExp])[] = [
  [
    'imports what there is not',
    "import 'no-such-package';",
    /: Cannot find package 'no-such-package' .*\.$/,
    /a-benchmark\.md/,
  ],
  ['does not parse', 'export default {', /\(.*my-table\/benchmark\.ts:1\)\.$/, /a-benchmark\.md/],
  [
    'throws',
    'const x = undefined;\nexport default x.y;',
    /reading 'y'\) \(.*benchmark\.ts:2:\d+\)\.$/,
    /defineBenchmark/,
  ],
  ['exports nothing', 'export const x = 1;', /it has no default export\.$/, /defineBenchmark/],
  ['exports no object', 'export default 3;', /its default export is not a benchmark\.$/, /defineBenchmark/],
  [
    'lacks fields',
    "export default { id: 'my-table' };",
    /title is missing; .*seeds is missing; trials is missing/,
    /./,
  ],
  [
    'has another name',
    WHOLE.replace("'my-table'", "'yours'"),
    /its id is "yours", and its folder is called "my-table"\.$/,
    /id: 'my-table'/,
  ],
  ['has an odd name', WHOLE.replace("'my-table'", "'My Table'"), /"My Table"/, /./],
];

for (const [what, text, says, remedy] of faulty)
  test(`a declaration that ${what} is one clear error that names its file`, async (t) => {
    await using made = await folderWith(text);
    const error = await t.throwsAsync(made.entry.load(), { instanceOf: PrunebenchError });
    t.true(error.message.startsWith(`The benchmark ${made.file} could not be loaded: `), error.message);
    t.regex(error.message, says);
    t.regex(error.remedy ?? '', remedy);
  });

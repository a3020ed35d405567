/** `pnpm test` repeats a pass from its cache only where nothing has changed that the test depends on. */
import { execFile } from 'node:child_process';
import { appendFile, cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import test from 'ava';

const root = fileURLToPath(new URL('../..', import.meta.url));
const turbo = join(root, 'node_modules/.bin/turbo');
const ROOT_FILES = [
  'package.json',
  'pnpm-lock.yaml',
  'pnpm-workspace.yaml',
  'tsconfig.base.json',
  'turbo.json',
  '.npmrc',
  '.gitignore',
];
const FOLDERS = ['packages', 'benchmarks', 'datasets', 'scripts', 'docs'];
const LEFT_OUT = /\/(node_modules|build|\.turbo|\.cache)(\/|$)/;

let copy: string;
let before: ReadonlyMap<string, string>;

test.before(async () => {
  copy = await mkdtemp(join(tmpdir(), 'turbo-'));
  for (const name of [...ROOT_FILES, ...FOLDERS])
    await cp(join(root, name), join(copy, name), { recursive: true, filter: (path) => !LEFT_OUT.test(path) });
  before = await hashes();
});
test.after.always(() => rm(copy, { recursive: true, force: true }));

/** The hash of every package's test task, which the cache looks it up by. */
async function hashes(env: Readonly<Record<string, string>> = {}): Promise<ReadonlyMap<string, string>> {
  const { stdout } = await promisify(execFile)(turbo, ['run', 'test', '--dry=json'], {
    cwd: copy,
    env: { ...process.env, TURBO_TELEMETRY_DISABLED: '1', ...env },
    maxBuffer: 2 ** 26,
  });
  const { tasks } = JSON.parse(stdout) as { tasks: { task: string; package: string; hash: string }[] };
  return new Map(tasks.filter(({ task }) => task === 'test').map(({ package: name, hash }) => [name, hash]));
}

/** The packages whose tests would run again after `change`, which is undone. */
async function stale(file: string, change: (path: string) => Promise<void>): Promise<readonly string[]> {
  const path = join(copy, file);
  const text = await readFile(path).catch(() => undefined);
  await mkdir(dirname(path), { recursive: true });
  await change(path);
  const after = await hashes();
  if (text) await writeFile(path, text);
  else await rm(path);
  return [...after]
    .filter(([name, hash]) => before.get(name) !== hash)
    .map(([name]) => name)
    .sort();
}

/** A package and all that name it among their dependencies, and so on: read from the manifests alone. */
async function withDependents(name: string): Promise<readonly string[]> {
  const users = new Map<string, string[]>();
  for await (const path of glob(['{packages,benchmarks,datasets}/**/package.json', 'scripts/package.json'], {
    cwd: copy,
  })) {
    const manifest = JSON.parse(await readFile(join(copy, path), 'utf8'));
    for (const used of Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }))
      users.set(used, [...(users.get(used) ?? []), manifest.name]);
  }
  const found = new Set<string>();
  const open = [name];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (found.has(next)) continue;
    found.add(next);
    open.push(...(users.get(next) ?? []));
  }
  return [...found].sort();
}

const more = (text: string) => (path: string) => appendFile(path, text);

for (const [file, owner] of [
  ['packages/core/src/index.ts', 'core'],
  ['packages/training/src/iteration/train.ts', 'training'],
  ['packages/criteria/magnitude/src/magnitude.ts', 'criterion-magnitude'],
  ['packages/testing/src/networks.ts', 'testing'],
  ['packages/backends/native/src/cc/gemm/gemm.cc', 'backend-native'],
  ['packages/core/package.json', 'core'],
] as const)
  test.serial(`a change of ${file} runs the tests of its package again, and of all that use it`, async (t) => {
    const change = file.endsWith('package.json') ? more('\n') : more("\nthrow new Error('broken');\n");
    t.deepEqual(await stale(file, change), await withDependents(`@prunebench/${owner}`));
  });

test.serial('so does a change of data, of compiled kernels, and of what is loaded by its path', async (t) => {
  const manifest = await stale('datasets/mnist/manifest.json', more('\n'));
  t.deepEqual(manifest, await withDependents('@prunebench/dataset-mnist'));
  const kernels = await stale('packages/backends/native/build/abc/kernels.node', (path) => writeFile(path, 'x'));
  t.deepEqual(kernels, await withDependents('@prunebench/backend-native'));
  const benchmark = await stale('benchmarks/snip-lenets/benchmark.ts', more('\n'));
  t.true(benchmark.includes('@prunebench/runner'));
  t.true((await stale('docs/methods.md', more('\n'))).includes('@prunebench/scripts'));
});

for (const file of ['tsconfig.base.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', '.npmrc'])
  test.serial(`a change of ${file} runs every test again`, async (t) => {
    t.is((await stale(file, more('\n'))).length, before.size);
  });

test.serial('a test or a README of a package is no reason to test others', async (t) => {
  t.deepEqual(await stale('packages/core/test/new.test.ts', (path) => writeFile(path, '//')), ['@prunebench/core']);
  t.deepEqual(await stale('packages/core/README.md', more('\n')), ['@prunebench/core']);
});

test.serial('another backend or compiler is another test', async (t) => {
  for (const [name, value] of Object.entries({
    PRUNEBENCH_BACKEND: 'cpu',
    PRUNEBENCH_THREADS: '7',
    PRUNEBENCH_CXX: 'c',
  })) {
    const after = await hashes({ [name]: value });
    t.true(
      [...before].every(([id, hash]) => after.get(id) !== hash),
      name,
    );
  }
});

/** A new criterion is its file, its test and one line: tried on a copy of the suite with the template's criterion. */
import { execFile } from 'node:child_process';
import { appendFile, cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import test from 'ava';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
const family = 'packages/criteria/magnitude';
let copy: string;

test.before(async () => {
  copy = await mkdtemp(join(tmpdir(), 'suite-'));
  const filter = (path: string) => !/\/(build|docs|\.turbo)$/.test(path);
  for (const folder of ['packages', 'datasets', 'benchmarks'])
    await cp(join(root, folder), join(copy, folder), { recursive: true, verbatimSymlinks: true, filter });
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});
test.after.always(() => rm(copy, { recursive: true, force: true }));

const listed = async (): Promise<readonly string[]> => {
  const { stdout } = await run(process.execPath, ['packages/runner/src/main.ts', 'list', 'methods', '--json'], {
    cwd: copy,
    maxBuffer: 2 ** 26,
  });
  return (JSON.parse(stdout) as { id: string }[]).map(({ id }) => id);
};

test.serial("the template's criterion becomes one of the suite by its file, its test and one line", async (t) => {
  const template = join(copy, 'packages/criteria/template');
  t.false((await listed()).includes('magnitude-increase'));
  await cp(join(template, 'src/magnitude-increase.ts'), join(copy, family, 'src/magnitude-increase.ts'));
  await cp(join(template, 'test/magnitude-increase.test.ts'), join(copy, family, 'test/magnitude-increase.test.ts'));
  await appendFile(
    join(copy, family, 'src/criteria.ts'),
    "export { magnitudeIncrease } from './magnitude-increase.ts';\n",
  );
  t.true((await listed()).includes('magnitude-increase'));
  const ava = join(root, 'node_modules/ava/entrypoints/cli.js');
  const { stdout } = await run(process.execPath, [ava, 'test/magnitude-increase.test.ts', '--tap'], {
    cwd: join(copy, family),
  });
  t.regex(stdout, /# pass 3\n/);
  t.regex(stdout, /# fail 0/);
});

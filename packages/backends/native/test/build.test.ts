// Building: several processes at once, no compiler, a compiler that fails, a prebuilt library.
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';

const packageFolder = path.join(import.meta.dirname, '..');

/** A copy of the package's sources, so that its build folder is its own. */
function copyOfPackage(): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'native-build-'));
  cpSync(path.join(packageFolder, 'src'), path.join(folder, 'src'), { recursive: true });
  cpSync(path.join(packageFolder, 'package.json'), path.join(folder, 'package.json'));
  symlinkSync(path.join(packageFolder, 'node_modules'), path.join(folder, 'node_modules'));
  // Building is what is tested, not the kernels: a few files are enough.
  const cc = path.join(folder, 'src', 'cc');
  const needed = /(napi|threads|layout\/layout)\.cc$|\.h$/;
  for (const file of readdirSync(cc, { recursive: true, encoding: 'utf8' }))
    if (file.endsWith('.cc') && !needed.test(file)) rmSync(path.join(cc, file));
  return folder;
}

function build(folder: string, environment: Record<string, string> = {}, ...args: string[]): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['src/build-kernels.ts', ...args], {
      cwd: folder,
      env: { ...process.env, PRUNEBENCH_CXXFLAGS: '-O0', PRUNEBENCH_NATIVE_BINARY: '', ...environment },
    });
    let output = '';
    child.stdout.on('data', (data) => (output += data));
    child.stderr.on('data', (data) => (output += data));
    child.on('close', () => resolve(output.trim()));
  });
}

/** The last line: before it stands what the build says of itself, and for whom it waits. */
function pathIn(output: string): string {
  return output.split('\n').at(-1)!;
}

test('processes that build at once all get the one library', async (t) => {
  const folder = copyOfPackage();
  const outputs = await Promise.all([1, 2, 3].map(() => build(folder)));
  const paths = outputs.map(pathIn);
  t.true(existsSync(paths[0]!), outputs[0]);
  t.deepEqual(new Set(paths).size, 1);
  t.is(readdirSync(path.join(folder, 'build')).length, 1, 'no lock or partial build is left');
  rmSync(folder, { recursive: true });
});

test('a build that was killed is no obstacle, and what it left is removed', async (t) => {
  const folder = copyOfPackage();
  const built = path.dirname(pathIn(await build(folder)));
  rmSync(built, { recursive: true });
  mkdirSync(`${built}.123.456.partial`);
  // The number of a process that runs, but that began later: as after a restart.
  const holder = { pid: process.pid, host: os.hostname(), boot: 'before the restart', start: '1' };
  writeFileSync(`${built}.building`, JSON.stringify(holder));
  t.is(path.dirname(pathIn(await build(folder))), built);
  t.deepEqual(readdirSync(path.join(folder, 'build')), [path.basename(built)]);
  rmSync(built, { recursive: true });
  writeFileSync(`${built}.building`, JSON.stringify({ pid: 1, host: `not-${os.hostname()}` }));
  t.is(path.dirname(pathIn(await build(folder))), built, 'another machine is not waited for');
  rmSync(folder, { recursive: true });
});

test('without a compiler the reason is one line; with a prebuilt library it is used', async (t) => {
  const folder = copyOfPackage();
  const none = { PRUNEBENCH_CXX: '/nonexistent/compiler' };
  const reason = await build(folder, none);
  t.is(reason.split('\n').length, 1);
  t.regex(reason, /no C\+\+ compiler \(looked for \/nonexistent\/compiler/);
  const prebuilt = pathIn(await build(folder, {}, '--prebuilt'));
  t.is(await build(folder, none), prebuilt);
  rmSync(path.join(folder, 'src', 'cc', 'layout', 'layout.cc'));
  t.regex(await build(folder, none), /belongs to other sources/);
  rmSync(folder, { recursive: true });
});

test('a failing compilation names the error and leaves nothing behind', async (t) => {
  const folder = copyOfPackage();
  const output = await build(folder, { PRUNEBENCH_CXXFLAGS: '-no-such-flag' });
  t.regex(output, /failed to compile: .*no-such-flag/);
  t.deepEqual(readdirSync(path.join(folder, 'build')), []);
  rmSync(folder, { recursive: true });
});

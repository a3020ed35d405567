import { readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PrunebenchError, SCHEMA_VERSION, type ScaleName } from '@prunebench/core';
import { exists, folderError, makeFolder, refuseFile, writeJson } from './files.ts';

/** Where everything of a results folder lies. */
export interface ResultsFolder {
  readonly root: string;
  /** Finished stages: a cache that may be deleted at any time. */
  readonly stages: string;
  readonly lock: string;
  records(benchmark: string, scale: ScaleName): string;
  log(benchmark: string): string;
}

/** The paths below `root`; touches nothing. */
export function resultsFolder(root: string): ResultsFolder {
  const absolute = resolve(root);
  const stages = join(absolute, '.stages');
  return {
    root: absolute,
    stages,
    lock: join(stages, 'lock'),
    records: (benchmark, scale) => join(absolute, benchmark, 'records', scale),
    log: (benchmark) => join(absolute, benchmark, 'run.log'),
  };
}

/**
 * Creates the folder or checks that it is one of ours, of this schema version, and writable.
 *
 * @throws PrunebenchError otherwise
 */
export async function openResults(root: string): Promise<ResultsFolder> {
  const folder = resultsFolder(root);
  await makeFolder(folder.stages);
  await probe(folder);
  const marker = join(folder.root, 'results.json');
  if (await exists(marker)) await checkVersion(marker);
  else await writeJson(marker, { schema: SCHEMA_VERSION });
  return folder;
}

/**
 * The paths of a results folder that is only read.
 *
 * @throws PrunebenchError when it does not exist, is a file, or has another schema version
 */
export async function existingResults(root: string): Promise<ResultsFolder> {
  const folder = resultsFolder(root);
  const marker = join(folder.root, 'results.json');
  await refuseFile(folder.root);
  if (!(await exists(marker)))
    throw new PrunebenchError(`There are no results in ${folder.root}: it has no results.json.`, {
      remedy: 'Run a benchmark first (prunebench run <benchmark>), or name the right folder with --results.',
    });
  await checkVersion(marker);
  return folder;
}

/**
 * The paths of an existing results folder that is about to be written to. Its cache of stages, where the lock lies, is made
 * again if it was deleted or, as in a fresh clone, never came along.
 *
 * @throws PrunebenchError when it does not exist, has another schema version, or cannot be written to
 */
export async function reopenResults(root: string): Promise<ResultsFolder> {
  await existingResults(root);
  return openResults(root);
}

/** The benchmarks that a results folder has records of. */
export async function benchmarksWithRecords(folder: ResultsFolder): Promise<readonly string[]> {
  const entries = await readdir(folder.root, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map(({ name }) => name);
  const found = await Promise.all(names.map((name) => exists(join(folder.root, name, 'records'))));
  return names.filter((_, i) => found[i]).sort();
}

async function checkVersion(marker: string): Promise<void> {
  const version = await readVersion(marker);
  if (version === SCHEMA_VERSION) return;
  throw new PrunebenchError(
    `${marker} says schema version ${JSON.stringify(version)}; this version of Prunebench reads and writes ${SCHEMA_VERSION}.`,
    { remedy: 'Choose another folder with --results, or use the version of Prunebench that wrote this one.' },
  );
}

async function readVersion(marker: string): Promise<unknown> {
  const text = await readFile(marker, 'utf8');
  try {
    return (JSON.parse(text) as { schema?: unknown }).schema;
  } catch (error) {
    throw new PrunebenchError(`${marker} is not valid JSON.`, {
      remedy: `If the folder is Prunebench's, write {"schema": ${SCHEMA_VERSION}} into it; otherwise choose another with --results.`,
      cause: error,
    });
  }
}

async function probe(folder: ResultsFolder): Promise<void> {
  const file = join(folder.stages, `probe-${process.pid}.tmp`);
  try {
    await writeFile(file, 'x');
    await unlink(file);
  } catch (error) {
    throw folderError(error) ?? error;
  }
}

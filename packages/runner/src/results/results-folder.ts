import { readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { PrunebenchError, SCHEMA_VERSION, type ScaleName } from '@prunebench/core';
import {
  existsUpwards,
  folderError,
  isFolder,
  makeFolder,
  readTextIfThere,
  refuseLinksOut,
  writeJson,
} from '@prunebench/files';
import { type RecordTable, recordTable } from '@prunebench/records';
import { publishedResults } from './default-folders.ts';

/** Where everything of a results folder lies. */
export interface ResultsFolder {
  readonly root: string;
  /** Finished stages: a cache that may be deleted at any time. */
  readonly stages: string;
  readonly lock: string;
  /** What the run that holds the lock, or the last one that did, says of itself. */
  readonly status: string;
  table(benchmark: string, scale: ScaleName): RecordTable;
  log(benchmark: string): string;
}

/** Bytes that results.json may have. */
const MARKER_LIMIT = 2 ** 16;

/** The paths below `root`; touches nothing. */
export function resultsFolder(root: string): ResultsFolder {
  const absolute = resolve(root);
  const stages = join(absolute, '.stages');
  return {
    root: absolute,
    stages,
    lock: join(stages, 'lock'),
    status: join(stages, 'run.json'),
    table: (benchmark, scale) => recordTable(absolute, benchmark, scale),
    log: (benchmark) => join(absolute, benchmark, 'run.log'),
  };
}

/**
 * Creates the folder or checks that it is one of ours, of this schema version, writable, and without links that lead out of it.
 *
 * @throws PrunebenchError otherwise
 */
export async function openResults(root: string): Promise<ResultsFolder> {
  const folder = resultsFolder(root);
  if (await isFolder(folder.root)) await refuseLinksOut(folder.root);
  await makeFolder(folder.stages);
  await probe(folder);
  const marker = join(folder.root, 'results.json');
  if (!(await checkVersion(marker))) await writeJson(marker, { schema: SCHEMA_VERSION });
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
  if (!(await checkVersion(marker)))
    throw new PrunebenchError(`There are no results in ${folder.root}: it has no results.json.`, {
      remedy: 'Run a benchmark first (./prunebench run <benchmark>), or name the right folder with --results.',
    });
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

/**
 * For a folder that is only read, there or not.
 *
 * @throws PrunebenchError when it, or what should be a folder above it, is a file
 */
export async function refuseFile(path: string): Promise<void> {
  const found = await existsUpwards(path);
  if (!(await isFolder(found)))
    throw new PrunebenchError(`A file stands where a folder is needed: ${found}.`, {
      remedy: 'Choose another folder with --results.',
    });
}

/**
 * Keeps what no benchmark declares out of what is published.
 *
 * @param what it is, as the message calls it
 * @throws PrunebenchError for the folder of the published results
 */
export function refusePublished(results: string, what: string): void {
  if (resolve(results) !== publishedResults) return;
  throw new PrunebenchError(
    `${what} cannot go to ${publishedResults}: what is published there is what benchmarks declare.`,
    {
      remedy: 'Leave --results out (they go to local-results/), or name another folder.',
    },
  );
}

/** The folders outside the cache of stages in which a run or a report leaves files. */
export async function writtenFolders({ root, stages }: ResultsFolder): Promise<readonly string[]> {
  const benchmarks = (await foldersIn(root)).filter((folder) => folder !== stages);
  const records = await Promise.all(benchmarks.map((folder) => foldersIn(join(folder, 'records'))));
  return [root, ...benchmarks, ...records.flat()];
}

async function foldersIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(folder, name));
}

/** Whether there is a marker, once it is one of this version. */
async function checkVersion(marker: string): Promise<boolean> {
  const text = await readTextIfThere(marker, MARKER_LIMIT);
  if (text === undefined) return false;
  const version = versionIn(text, marker);
  if (version === SCHEMA_VERSION) return true;
  throw new PrunebenchError(
    `${marker} says schema version ${JSON.stringify(version)}; this version of Prunebench reads and writes ${SCHEMA_VERSION}.`,
    { remedy: 'Choose another folder with --results, or use the version of Prunebench that wrote this one.' },
  );
}

function versionIn(text: string, marker: string): unknown {
  try {
    const content: unknown = JSON.parse(text);
    return typeof content === 'object' && content !== null && 'schema' in content ? content.schema : undefined;
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
    // A run that has just started may have swept it away.
    await rm(file, { force: true });
  } catch (error) {
    throw folderError(error) ?? error;
  }
}

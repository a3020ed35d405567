import { basename, join, relative, resolve } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { exists, FileError, readTextIfThere, writeJson } from '@prunebench/files';
import { z } from 'zod';
import { loadRegistry, type Registry } from '../registry.ts';
import type { ResultsFolder } from './results-folder.ts';

/** Bytes that plugins.json may have. */
const LIMIT = 2 ** 20;

/**
 * Benchmark -> the plugins that its last run was given, relative to the results folder: plugin and results that are moved together
 * stay together.
 */
const memory = z.record(z.string(), z.array(z.string().min(1)));
type Memory = z.output<typeof memory>;

type Folder = Pick<ResultsFolder, 'root'>;

const fileIn = ({ root }: Folder): string => join(root, 'plugins.json');

/** Notes with which plugins a benchmark is run into a folder; for who holds its lock. */
export async function rememberPlugins(folder: Folder, benchmark: string, plugins: readonly string[]): Promise<void> {
  if (plugins.length === 0) return;
  const before = await recall(folder);
  const files = plugins.map((file) => relative(folder.root, file));
  if (String(before[benchmark]) === String(files)) return;
  const entries = Object.entries({ ...before, [benchmark]: files }).sort(([a], [b]) => (a < b ? -1 : 1));
  await writeJson(fileIn(folder), Object.fromEntries(entries));
}

/**
 * The plugins that a results folder's benchmarks were run with, and those that are given now. One that is gone is replaced by a given
 * one of its file name.
 *
 * @param benchmark only this one's; absent: all that the folder's records need
 * @param replaced a benchmark whose remembered plugins no longer count, as others are given for it
 * @returns absolute paths
 * @throws PrunebenchError for a plugin that is not there any more, and a plugins.json that cannot be read
 */
export async function pluginsOf(
  folder: Folder,
  given: readonly string[],
  { benchmark, replaced }: { readonly benchmark?: string; readonly replaced?: string } = {},
): Promise<readonly string[]> {
  const all = await recall(folder);
  const plugins = new Set(given);
  for (const [of, files] of Object.entries(all)) {
    if (of === replaced || (benchmark !== undefined && of !== benchmark)) continue;
    for (const file of files.map((path) => resolve(folder.root, path))) {
      if (await exists(file)) plugins.add(file);
      else if (!given.some((path) => basename(path) === basename(file))) throw gone(file, of, folder);
    }
  }
  return [...plugins];
}

/**
 * The registry in which everything has a name that a folder's records name, whatever plugins brought it.
 *
 * @throws PrunebenchError as `pluginsOf` and `loadRegistry` do
 */
export async function registryFor(folder: Folder, given: readonly string[], replaced?: string): Promise<Registry> {
  return loadRegistry(await pluginsOf(folder, given, replaced === undefined ? {} : { replaced }));
}

async function recall(folder: Folder): Promise<Memory> {
  const file = fileIn(folder);
  const text = await readTextIfThere(file, LIMIT).catch((error) => {
    // Nothing is remembered where a file stands in the way, of which whoever opens the folder tells.
    if (error instanceof FileError && error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return {};
  const parsed = memory.safeParse(parsedJson(text));
  if (parsed.success) return parsed.data;
  throw new PrunebenchError(`${file} is not a list of plugins for each benchmark.`, {
    remedy: `Write {"<benchmark>": ["<path of its plugin, from ${folder.root}>"]} into it, or delete it and name the plugins with --plugin.`,
  });
}

function parsedJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function gone(file: string, benchmark: string, folder: Folder): PrunebenchError {
  return new PrunebenchError(
    `The results of ${benchmark} in ${folder.root} need the plugin ${file}, which is not there any more.`,
    {
      remedy: `Put it back, name its new place with --plugin <folder>/${basename(file)}, or take it out of ${fileIn(folder)}: what it brought cannot be reported then.`,
    },
  );
}

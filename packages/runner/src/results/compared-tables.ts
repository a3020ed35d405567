import { join } from 'node:path';
import { type Benchmark, PrunebenchError, type TrialRecord } from '@prunebench/core';
import { exists, type Notice } from '@prunebench/files';
import { lineOf, loadRecords } from '@prunebench/records';
import { fromHere } from '../options/from-here.ts';
import { type Filter, filterTrials } from '../plan/filter.ts';
import type { Registry } from '../registry.ts';
import { existingResults } from './results-folder.ts';

/** One side of a comparison. */
interface Side {
  /** A results folder, or a benchmark. */
  readonly name: string;
  readonly records: readonly TrialRecord[];
}

/** Two tables that are compared; a side without records is empty. */
export interface TablePair {
  readonly scale: string;
  /** The benchmark of both, or "one and other". */
  readonly title: string;
  readonly benchmark: Benchmark | undefined;
  readonly first: readonly TrialRecord[];
  readonly second: readonly TrialRecord[];
}

export interface ComparedSides {
  readonly results: string;
  readonly filters: readonly Filter[];
  readonly registry: Registry;
  readonly notice: Notice;
}

/**
 * The tables that two names stand for, pair by pair: every benchmark and scale of two results folders, or every scale of two
 * benchmarks in one.
 *
 * @throws PrunebenchError for names of which one is a folder and the other none, that nothing is known of, or without any record
 */
export async function comparedTables(
  first: string,
  second: string,
  context: ComparedSides,
): Promise<readonly TablePair[]> {
  const folders = await Promise.all([first, second].map((name) => exists(join(fromHere(name), 'results.json'))));
  if (folders[0] !== folders[1])
    throw new PrunebenchError(
      `${folders[0] ? first : second} is a results folder, and ${folders[0] ? second : first} is none.`,
      { remedy: 'Compare two results folders, or two benchmarks of the folder that --results names.' },
    );
  if (folders[0] ? fromHere(first) === fromHere(second) : first === second)
    throw new PrunebenchError(`${first} and ${second} are one and the same: nothing in it differs from itself.`, {
      remedy: 'Name another results folder, or another benchmark, as the second.',
    });
  const sides = folders[0] ? await foldersOf([first, second], context) : await benchmarksOf([first, second], context);
  return pairsOf(sides, !folders[0], context.registry);
}

async function foldersOf(names: readonly string[], context: ComparedSides): Promise<readonly Side[]> {
  return Promise.all(names.map(async (name) => ({ name, records: await selected(fromHere(name), context) })));
}

async function benchmarksOf(names: readonly string[], context: ComparedSides): Promise<readonly Side[]> {
  const { root } = await existingResults(context.results);
  const all = await selected(root, context);
  const known = [...new Set(all.map(({ benchmark }) => benchmark))];
  return names.map((name) => {
    const records = all.filter(({ benchmark }) => benchmark === name);
    if (records.length === 0)
      throw new PrunebenchError(`${name} is no results folder, and no benchmark that ${root} has such records of.`, {
        remedy: `Benchmarks with records there: ${known.join(', ') || 'none'}.`,
      });
    return { name, records };
  });
}

async function selected(root: string, { filters, notice }: ComparedSides): Promise<readonly TrialRecord[]> {
  await existingResults(root);
  const { records, corrupt } = await loadRecords(root, { onCorrupt: 'report' });
  for (const each of corrupt) notice(`Record ${lineOf(each)} is corrupt (${each.reason}) and left out.`);
  if (records.length === 0)
    throw new PrunebenchError(`There are no records in ${root}.`, { remedy: 'Run a benchmark first.' });
  return filterTrials(records, filters);
}

async function pairsOf(
  [first, second]: readonly Side[],
  ofBenchmarks: boolean,
  registry: Registry,
): Promise<readonly TablePair[]> {
  const titleOf = ({ benchmark }: TrialRecord) => (ofBenchmarks ? `${first.name} and ${second.name}` : benchmark);
  const nameOf = (record: TrialRecord) => JSON.stringify([titleOf(record), record.scale]);
  const [mine, others] = [first, second].map(({ records }) => Map.groupBy(records, nameOf));
  const names = [...new Set([...mine.keys(), ...others.keys()])];
  return Promise.all(
    names.map(async (name) => {
      const [of, versus] = [mine.get(name) ?? [], others.get(name) ?? []];
      const example = [...of, ...versus][0];
      const benchmark = await registry.benchmarks.get(example.benchmark)?.load();
      return { scale: example.scale, title: titleOf(example), benchmark, first: of, second: versus };
    }),
  );
}

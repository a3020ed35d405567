import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Dataset, isObject, PrunebenchError } from '@prunebench/core';
import { readTextIfThere, writeWhole } from '@prunebench/files';
import { csvOf } from '../csv.ts';
import { describeHost } from '../host.ts';
import { findPeer, interpreter, PEER_REMEDY, peerProgram } from '../peer.ts';
import { type TableJob, writeJob } from './job.ts';
import type { Command, Taken } from './process-group.ts';
import {
  type AccuracyRow,
  accuracyRow,
  accuracyTable,
  isOtherWork,
  type TableRow,
  tableRow,
  tableTable,
} from './table-rows.ts';
import { inSlices } from './turns.ts';

export const tableProgram = fileURLToPath(new URL('../../peer_table.py', import.meta.url));

/** Final accuracy on the test split in percent, by the name of a trial; those that failed are not there. */
export type Accuracies = ReadonlyMap<string, number>;

/** The program of ours that is measured: whoever knows the command line gives it. */
export interface OurProgram {
  /** The command that computes the job's trials into an empty results folder. */
  command(results: string): Omit<Command, 'name'>;
  accuracies(results: string): Promise<Accuracies>;
}

export interface TableSpeedOptions {
  readonly job: TableJob;
  readonly dataset: Dataset;
  readonly ours: OurProgram;
  /** Processes of each side. */
  readonly processes: number;
  readonly rounds: number;
  /** Absent: nothing is written. */
  readonly resultsDir?: string | undefined;
  readonly log: (line: string) => void;
}

export interface TableSpeedResult {
  readonly rows: readonly TableRow[];
  readonly accuracies: readonly AccuracyRow[];
  /** Markdown, ready to print. */
  readonly table: string;
  readonly files: readonly string[];
}

const VARIANTS = ['plain', 'sharing'] as const;
const OURS = 'Prunebench';

/**
 * Computes a table by our own `run` and by PyTorch in both variants, as whole processes in turns, and holds their times and accuracies
 * against each other.
 *
 * @throws PrunebenchError without PyTorch, for a side that fails, and where accuracies say that a side does other work
 */
export async function runTableSpeed(options: TableSpeedOptions): Promise<TableSpeedResult> {
  const { job, dataset, ours, processes, rounds, resultsDir, log } = options;
  const found = await findPeer(peerProgram, 1, log);
  if ('missing' in found)
    throw new PrunebenchError(`A table is measured beside PyTorch, which is missing: ${found.missing}.`, {
      remedy: PEER_REMEDY,
    });
  for (const { series, why } of job.leftOut) log(`left out on both sides: ${series}, ${why}`);
  const folder = await mkdtemp(join(tmpdir(), 'prunebench-table-'));
  // A signal ends this process at once.
  const clean = () => rmSync(folder, { recursive: true, force: true });
  process.once('exit', clean);
  try {
    const path = await writeJob(job, dataset, folder);
    const taken = new Map<string, Taken[]>();
    const accuracies = new Map<string, Accuracies>();
    let version = '';
    for (let round = 0; round < rounds; round++) {
      const results = join(folder, `results-${round}`);
      await mkdir(results);
      const out = (variant: string) => join(folder, `${variant}.json`);
      const commands: readonly Command[] = [
        { name: OURS, ...ours.command(results) },
        ...VARIANTS.map((variant) => ({
          name: `PyTorch, ${variant}`,
          file: interpreter,
          args: [tableProgram, path, '--variant', variant, '--processes', String(processes), '--out', out(variant)],
          environment: found.environment,
        })),
      ];
      // Whoever is first has the quietest start, or the coldest: each is, in some round.
      const turned = commands.map((_, place) => commands[(place + round) % commands.length]);
      const all = await inSlices(turned);
      for (const [place, { name }] of turned.entries()) {
        taken.set(name, [...(taken.get(name) ?? []), all[place]]);
        log(`round ${round + 1} of ${rounds}, ${name}: ${describe(all[place])}`);
      }
      accuracies.set(OURS, await ours.accuracies(results));
      for (const variant of VARIANTS) {
        const said = readPeer(await readFile(out(variant), 'utf8'));
        accuracies.set(`PyTorch, ${variant}`, said.accuracies);
        version = said.version;
      }
      await rm(results, { recursive: true });
    }
    const own = taken.get(OURS)!;
    const about = {
      table: job.table,
      trials: job.trials.length,
      seeds: new Set(job.trials.map(({ seed }) => seed)).size,
      processes,
      leftOut: job.leftOut.map(({ series }) => series).join('; '),
    };
    const rows = [...taken].map(([side, runs]) => tableRow({ ...about, side }, runs, own));
    const compared = compare(job, accuracies);
    const table = `${tableTable(rows)}\n\n${accuracyTable(compared)}`;
    refuseOtherWork(compared, table);
    const provenance = { ...describeHost(), peer: `PyTorch ${version}` };
    const files =
      resultsDir === undefined
        ? []
        : [
            await replaceRows(join(resultsDir, 'speed-tables.csv'), csvOf(rows, provenance), job.table),
            await replaceRows(join(resultsDir, 'speed-tables-accuracy.csv'), csvOf(compared, provenance), job.table),
          ];
    return { rows, accuracies: compared, table, files };
  } finally {
    process.off('exit', clean);
    await rm(folder, { recursive: true, force: true });
  }
}

function describe({ wallSeconds, processorSeconds, peakMiB }: Taken): string {
  return `${wallSeconds.toFixed(1)} s, ${processorSeconds.toFixed(1)} s of processor time, ${peakMiB.toFixed(0)} MiB`;
}

function readPeer(text: string): { readonly version: string; readonly accuracies: Accuracies } {
  const said: unknown = JSON.parse(text);
  if (!isObject(said) || typeof said.version !== 'string' || !Array.isArray(said.trials))
    throw new PrunebenchError('The peer of tables says something else than its trials.');
  const accuracies = new Map<string, number>();
  for (const trial of said.trials)
    if (isObject(trial) && typeof trial.name === 'string' && typeof trial.accuracy === 'number')
      accuracies.set(trial.name, trial.accuracy);
  return { version: said.version, accuracies };
}

/** The mean accuracies of every series, ours beside those of each variant. */
function compare({ table, trials }: TableJob, sides: ReadonlyMap<string, Accuracies>): readonly AccuracyRow[] {
  const ours = sides.get(OURS)!;
  const others = [...sides].filter(([side]) => side !== OURS);
  return [...Map.groupBy(trials, ({ series }) => series)].flatMap(([series, members]) =>
    others.map(([side, theirs]) => {
      const pairs = members.flatMap(({ name }) => {
        const [mine, other] = [ours.get(name), theirs.get(name)];
        return mine === undefined || other === undefined ? [] : [{ ours: mine, theirs: other }];
      });
      return accuracyRow({ table, series, side }, pairs);
    }),
  );
}

/** @throws PrunebenchError naming the series whose accuracies differ, or that have none on some side */
function refuseOtherWork(rows: readonly AccuracyRow[], table: string): void {
  const wrong = rows.filter((row) => row.trials === 0 || isOtherWork(row));
  if (wrong.length === 0) return;
  throw new PrunebenchError(
    `The sides do not do the same work: accuracies differ in ${wrong.map(({ series, side }) => `${series} (${side})`).join('; ')}.\n\n${table}`,
  );
}

/** Writes the rows of one table in place of what the file had of it; those of other tables stay, where they have the same columns. */
async function replaceRows(file: string, text: string, table: string): Promise<string> {
  const [head, ...lines] = text.trimEnd().split('\n');
  const [oldHead, ...oldLines] = ((await readTextIfThere(file)) ?? '').trimEnd().split('\n');
  const others = oldHead === head ? oldLines.filter((line) => !line.startsWith(`${table},`)) : [];
  const sorted = [...others, ...lines].map((line, place) => ({ line, place }));
  sorted.sort((a, b) => tableOf(a.line).localeCompare(tableOf(b.line)) || a.place - b.place);
  await writeWhole(file, `${[head, ...sorted.map(({ line }) => line)].join('\n')}\n`);
  return file;
}

function tableOf(line: string): string {
  return line.slice(0, line.indexOf(','));
}

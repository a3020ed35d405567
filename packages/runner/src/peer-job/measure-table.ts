import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { ScaleName } from '@prunebench/core';
import { readTable } from '@prunebench/records';
import { type OurProgram, runTableSpeed, type TableJob, type TableSpeedResult } from '@prunebench/speed';
import { lookUp } from '../options/suggest.ts';
import { loadRegistry } from '../registry.ts';
import { resultsFolder } from '../results/results-folder.ts';
import { describeJob, type JobRequest } from './describe-job.ts';
import { speedTables } from './speed-tables.ts';

const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url));
/** What the tables are declared at. */
const SCALE: ScaleName = 'cpu';

export interface TableRequest {
  readonly table: string;
  /** Fewer than the table's own, for a quick look: nothing is written then. */
  readonly seeds?: number | undefined;
  readonly rounds: number;
  readonly resultsDir: string;
  readonly log: (line: string) => void;
}

/**
 * Measures a table beside PyTorch.
 *
 * @throws PrunebenchError for an unknown table, and as `runTableSpeed` does
 */
export async function measureTable({ table, seeds, rounds, resultsDir, log }: TableRequest): Promise<TableSpeedResult> {
  const { benchmark: id, filters, seeds: own } = lookUp(speedTables, 'table of speed', table);
  const registry = await loadRegistry([]);
  const benchmark = await lookUp(registry.benchmarks, 'benchmark', id).load();
  const request = { table, benchmark, scale: SCALE, filters, seeds: seeds ?? own ?? benchmark.seeds[SCALE] };
  const { job, dataset } = await describeJob(request, registry);
  const processes = availableParallelism();
  return runTableSpeed({
    job,
    dataset,
    ours: ourRun(id, job, { ...request, processes }),
    processes,
    rounds,
    resultsDir: seeds === undefined ? resultsDir : undefined,
    log,
  });
}

/** Our own `run` of exactly the job's trials, as a user starts it. */
export function ourRun(
  benchmark: string,
  { trials }: TableJob,
  { filters, seeds, scale, processes }: Pick<JobRequest, 'filters' | 'seeds' | 'scale'> & { processes: number },
): OurProgram {
  const series = [...new Set(trials.map((trial) => trial.series))].map((value) => ({ key: 'series', value }));
  const chosen = [...filters.filter(({ key }) => key !== 'series'), ...series];
  return {
    command: (results) => ({
      file: process.execPath,
      args: [
        ...[MAIN, 'run', benchmark, '--scale', scale, '--seeds', String(seeds), '--workers', String(processes)],
        ...chosen.flatMap(({ key, value }) => ['--filter', `${key}=${value}`]),
        ...['--no-speed', '--quiet', '--json', '--results', results],
      ],
      environment: { PRUNEBENCH_THREADS: '1' },
    }),
    async accuracies(results) {
      const records = await readTable(resultsFolder(results).table(benchmark, scale), () => {});
      const found = new Map<string, number>();
      for (const { name } of trials) {
        const accuracy = records.get(name)?.measured?.final?.test.accuracy;
        if (accuracy !== undefined) found.set(name, accuracy);
      }
      return found;
    },
  };
}

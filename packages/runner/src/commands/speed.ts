import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PrunebenchError } from '@prunebench/core';
import { repositoryRoot } from '../repository.ts';

export interface SpeedCommandOptions {
  readonly sparse: boolean;
  readonly threads: readonly number[];
  readonly rounds: number;
  readonly networks?: readonly string[];
  readonly results: string;
  readonly json: boolean;
}

interface MeasureOptions {
  readonly threads: readonly number[];
  readonly rounds: number;
  readonly networks?: readonly string[];
  readonly resultsDir: string;
  readonly log: (line: string) => void;
}

/** What benchmarks/speed offers; loaded by path, because no package depends on a benchmark. */
interface SpeedBenchmark {
  readonly networkNames: readonly string[];
  runSpeed(options: MeasureOptions): Promise<{
    rows: readonly object[];
    jobs: readonly object[];
    table: string;
    files: readonly string[];
  }>;
  runSparseSpeed(options: MeasureOptions): Promise<{
    rows: readonly object[];
    crossovers: readonly object[];
    table: string;
    files: readonly string[];
  }>;
}

/**
 * Times training steps and evaluations against PyTorch, or sparse kernels against dense ones, and prints the ratios.
 *
 * @throws PrunebenchError for an unknown network, or a peer that would flatter us
 */
export async function speed(options: SpeedCommandOptions): Promise<void> {
  const { threads, rounds, networks, results, json, sparse } = options;
  const program = pathToFileURL(join(repositoryRoot, 'benchmarks/speed/src/index.ts')).href;
  const benchmark = (await import(program)) as SpeedBenchmark;
  const unknown = networks?.find((name) => !benchmark.networkNames.includes(name));
  if (unknown !== undefined)
    throw new PrunebenchError(`The speed benchmark has no network "${unknown}".`, {
      remedy: `Choose among ${benchmark.networkNames.join(', ')}.`,
    });
  await mkdir(results, { recursive: true });
  const request = {
    threads,
    rounds,
    ...(networks ? { networks } : {}),
    resultsDir: results,
    log: (line: string) => console.error(line),
  };
  const { table, ...measured } = await (sparse ? benchmark.runSparseSpeed(request) : benchmark.runSpeed(request));
  if (json) console.log(JSON.stringify(measured, null, 2));
  else console.log(`\n${table}\n\n${measured.files.join('\n')}`);
}

import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PrunebenchError } from '@prunebench/core';
import { repositoryRoot } from '../repository.ts';

export interface SpeedCommandOptions {
  readonly threads: readonly number[];
  readonly rounds: number;
  readonly networks?: readonly string[];
  readonly results: string;
  readonly json: boolean;
}

/** What benchmarks/speed offers; loaded by path, because no package depends on a benchmark. */
interface SpeedBenchmark {
  readonly networkNames: readonly string[];
  runSpeed(options: {
    threads: readonly number[];
    rounds: number;
    networks?: readonly string[];
    resultsDir: string;
    log: (line: string) => void;
  }): Promise<{ rows: readonly object[]; jobs: readonly object[]; table: string; files: readonly string[] }>;
}

/**
 * Times training steps and evaluations against PyTorch and prints the ratios.
 *
 * @throws PrunebenchError for an unknown network, or a peer that would flatter us
 */
export async function speed({ threads, rounds, networks, results, json }: SpeedCommandOptions): Promise<void> {
  const program = pathToFileURL(join(repositoryRoot, 'benchmarks/speed/src/index.ts')).href;
  const benchmark = (await import(program)) as SpeedBenchmark;
  const unknown = networks?.find((name) => !benchmark.networkNames.includes(name));
  if (unknown !== undefined)
    throw new PrunebenchError(`The speed benchmark has no network "${unknown}".`, {
      remedy: `Choose among ${benchmark.networkNames.join(', ')}.`,
    });
  await mkdir(results, { recursive: true });
  const log = (line: string) => console.error(line);
  const { rows, jobs, table, files } = await benchmark.runSpeed({
    threads,
    rounds,
    ...(networks ? { networks } : {}),
    resultsDir: results,
    log,
  });
  if (json) console.log(JSON.stringify({ rows, jobs, files }, null, 2));
  else console.log(`\n${table}\n\n${files.join('\n')}`);
}

import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PrunebenchError } from '@prunebench/core';
import { makeFolder } from '../files.ts';
import { repositoryRoot } from '../repository.ts';

export interface SpeedCommandOptions {
  readonly sparse: boolean;
  /** Measures GPU.js's modes of the sparse kernels, alone. */
  readonly gpu: boolean;
  /** Measures this backend against the native one, and against PyTorch on CUDA. */
  readonly backend?: string;
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

interface Measured {
  readonly rows: readonly object[];
  readonly table: string;
  readonly files: readonly string[];
}

/** What benchmarks/speed offers; loaded by path, because no package depends on a benchmark. */
interface SpeedBenchmark {
  readonly networkNames: readonly string[];
  runSpeed(options: MeasureOptions): Promise<Measured>;
  runBackendSpeed(backend: string, options: MeasureOptions): Promise<Measured>;
  runSparseSpeed(options: MeasureOptions): Promise<Measured>;
  runGpuSpeed(options: MeasureOptions): Promise<Measured>;
}

/**
 * Times training steps and evaluations against PyTorch, one backend against another, or sparse kernels against dense ones, and
 * prints the ratios.
 *
 * @throws PrunebenchError for an unknown network, a backend that does not run here, a results folder that cannot be used, or a peer that would
 * flatter us
 */
export async function speed(options: SpeedCommandOptions): Promise<void> {
  const { threads, rounds, networks, results, json, sparse, gpu, backend } = options;
  const program = pathToFileURL(join(repositoryRoot, 'benchmarks/speed/src/index.ts')).href;
  const benchmark = (await import(program)) as SpeedBenchmark;
  const unknown = networks?.find((name) => !benchmark.networkNames.includes(name));
  if (unknown !== undefined)
    throw new PrunebenchError(`The speed benchmark has no network "${unknown}".`, {
      remedy: `Choose among ${benchmark.networkNames.join(', ')}.`,
    });
  // Made first, as a measurement takes minutes; not for a selection of networks, which writes nothing.
  if (!networks) await makeFolder(resolve(results));
  const request = {
    threads,
    rounds,
    ...(networks ? { networks } : {}),
    resultsDir: results,
    log: (line: string) => console.error(line),
  };
  const measure = () => {
    if (sparse) return benchmark.runSparseSpeed(request);
    if (gpu) return benchmark.runGpuSpeed(request);
    return backend === undefined ? benchmark.runSpeed(request) : benchmark.runBackendSpeed(backend, request);
  };
  const { table, ...measured } = await measure();
  if (json) console.log(JSON.stringify(measured, null, 2));
  else console.log(`\n${table}\n\n${measured.files.join('\n')}`);
}

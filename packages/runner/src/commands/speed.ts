import { resolve } from 'node:path';
import { PrunebenchError } from '@prunebench/core';
import { makeFolder } from '@prunebench/files';
import {
  networkNames,
  runBackendSpeed,
  runGpuSpeed,
  runHookSpeed,
  runSparseSpeed,
  runSpeed,
  runTrainingSpeed,
} from '@prunebench/speed';

export interface SpeedCommandOptions {
  readonly sparse: boolean;
  /** Measures what hooks of extensions cost a training step. */
  readonly hooks: boolean;
  /** Measures trainings of methods whose masks move or whose weights are noisy. */
  readonly trainings: boolean;
  /** Measures GPU.js's modes of the sparse kernels, alone. */
  readonly gpu: boolean;
  /** Measures this backend against the native one, and against PyTorch on CUDA. */
  readonly backend?: string;
  /** Measures this table as a whole. */
  readonly table?: string;
  /** Of the table. */
  readonly seeds?: number;
  readonly threads: readonly number[];
  /** Absent: what this kind of measurement has. */
  readonly rounds?: number;
  readonly networks?: readonly string[];
  readonly results: string;
  readonly json: boolean;
}

const ROUNDS = 9;
/** Whole tables take minutes a round. */
const TABLE_ROUNDS = 3;

/**
 * Times training steps and evaluations against PyTorch, one backend against another, sparse kernels against dense ones, steps with
 * hooks of extensions against plain ones, trainings of methods against dense ones and PyTorch's, or a whole
 * table against PyTorch, and prints the ratios.
 *
 * @throws PrunebenchError for an unknown network, a backend that does not run here, a results folder that cannot be used, or a peer that would
 * flatter us
 */
export async function speed(options: SpeedCommandOptions): Promise<void> {
  const { threads, networks, results, json, sparse, hooks, trainings, gpu, backend } = options;
  const rounds = options.rounds ?? (options.table === undefined ? ROUNDS : TABLE_ROUNDS);
  const unknown = networks?.find((name) => !networkNames.includes(name));
  if (unknown !== undefined)
    throw new PrunebenchError(`The speed benchmark has no network "${unknown}".`, {
      remedy: `Choose among ${networkNames.join(', ')}.`,
    });
  if (options.seeds !== undefined && options.table === undefined)
    throw new PrunebenchError('Seeds are those of a whole table, and none is asked for.', {
      remedy: 'Name one with --table, or leave --seeds out.',
    });
  // Made first, as a measurement takes minutes; not for a selection of networks or seeds, which writes nothing.
  if (!networks && options.seeds === undefined) await makeFolder(resolve(results));
  const request = {
    threads,
    rounds,
    ...(networks ? { networks } : {}),
    resultsDir: results,
    log: (line: string) => console.error(line),
  };
  const measure = async () => {
    if (options.table !== undefined) {
      const { measureTable } = await import('../peer-job/measure-table.ts');
      return measureTable({ ...request, table: options.table, seeds: options.seeds });
    }
    if (sparse) return runSparseSpeed(request);
    if (hooks) return runHookSpeed(request);
    if (trainings) return runTrainingSpeed(request);
    if (gpu) return runGpuSpeed(request);
    return backend === undefined ? runSpeed(request) : runBackendSpeed(backend, request);
  };
  const { table, ...measured } = await measure();
  if (json) console.log(JSON.stringify(measured, null, 2));
  else console.log(`\n${table}\n\n${measured.files.join('\n')}`);
}

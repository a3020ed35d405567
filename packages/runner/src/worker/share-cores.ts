import { availableParallelism } from 'node:os';
import { threadsAskedFor } from '@prunebench/backend-select';

/**
 * How many workers there are, and how many threads each computes with: as many as the variable PRUNEBENCH_THREADS says, else its
 * share of the cores.
 *
 * @param workers as asked for on the command line
 * @param trials more workers than that would have nothing to do
 * @throws PrunebenchError when the variable is no number of threads
 */
export function shareCores(
  workers: number | undefined,
  trials: number,
  cores: number = availableParallelism(),
): { size: number; threads: number } {
  const wanted = threadsAskedFor();
  const size = Math.min(workers ?? Math.max(1, Math.floor(cores / (wanted ?? 1))), trials);
  return { size, threads: wanted ?? Math.max(1, Math.floor(cores / size)) };
}

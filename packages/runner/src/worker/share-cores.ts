import { availableParallelism, freemem } from 'node:os';
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

const GIGABYTE = 2 ** 30;
/** Bytes that a worker may take: with CIFAR-10 and a VGG in memory. */
export const MEMORY_PER_WORKER = 1.5 * GIGABYTE;

/**
 * What is to be said of workers that are more than the machine has room for; undefined where there is room.
 *
 * @param size how many workers there will be
 * @param free bytes of memory that nobody uses
 */
export function crowding(
  size: number,
  cores: number = availableParallelism(),
  free: number = freemem(),
): string | undefined {
  const fitting = Math.max(1, Math.floor(free / MEMORY_PER_WORKER));
  const wise = Math.min(cores, fitting);
  if (size <= wise) return undefined;
  const why =
    size > cores
      ? `${size} workers share ${cores} ${cores === 1 ? 'core' : 'cores'}, and are no faster together than ${cores}`
      : `${size} workers may take ${((size * MEMORY_PER_WORKER) / GIGABYTE).toFixed(1)} GB, and ${(free / GIGABYTE).toFixed(1)} GB of memory are free`;
  return `${why}: --workers ${wise} would do.`;
}

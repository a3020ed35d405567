import { availableParallelism } from 'node:os';
import { type Layer, MOST_THREADS, PrunebenchError } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
// Registers the gradients of all ops; tfjs-core alone has none under Node.js.
import '@tensorflow/tfjs-layers';
import { backends } from './all-backends.ts';
import { BACKEND_NAMES, type Backend, type BackendName, type Registered } from './backend.ts';
import { firstLine } from './optional-import.ts';

export type BackendRequest = 'auto' | BackendName;

export interface BackendChoice {
  readonly name: BackendName;
  /** Compute threads. */
  readonly threads: number;
  /** Kinds of layers that it cannot train; none for most. */
  readonly untrainable: readonly Layer['kind'][];
  /** The instructions that decide its results' bits; absent where the backend's name says all. */
  readonly instructions?: string;
  /** What was chosen, and why the better ones were not: one line for the log. */
  readonly line: string;
}

/**
 * Makes tfjs compute on the backend that is asked for, for the rest of the process; `auto` takes the best that runs here.
 *
 * @param request `auto` or a backend's name; by default the variable PRUNEBENCH_BACKEND, or `auto`
 * @param options.threads compute threads; by default the variable PRUNEBENCH_THREADS, or one per core
 * @throws PrunebenchError when the name or the number of threads makes no sense, or when the named backend does not run here:
 *   another one is never taken in its place
 */
export async function selectBackend(request?: string, options: { threads?: number } = {}): Promise<BackendChoice> {
  const asked = request ?? process.env.PRUNEBENCH_BACKEND ?? 'auto';
  const threads = checkedThreads(options.threads) ?? threadsAskedFor() ?? availableParallelism();
  // The cpu backend would print a banner that advertises tfjs-node.
  tf.enableProdMode();
  if (asked === 'auto') return selectBest(threads);
  const backend = backends.find(({ name }) => name === asked);
  if (!backend)
    throw new PrunebenchError(`There is no backend called ${asked}.`, {
      remedy: `Use auto, ${BACKEND_NAMES.join(', ')}.`,
    });
  try {
    const used = await backend.register(threads);
    await activate(backend);
    return choice(backend, used, ', as asked for');
  } catch (cause) {
    throw new PrunebenchError(`Backend ${asked} cannot run here: ${firstLine(cause)}.`, {
      remedy: 'Run `pnpm prunebench list backends` to see which ones can, or use --backend auto.',
      cause,
    });
  }
}

async function selectBest(threads: number): Promise<BackendChoice> {
  const passed: string[] = [];
  for (const backend of backends) {
    try {
      const used = await backend.register(threads);
      if (used.unfit) throw new Error(used.unfit);
      await activate(backend);
      const why = passed.length > 0 ? ` (not ${passed.join('; not ')})` : '';
      return choice(backend, used, why);
    } catch (error) {
      passed.push(`${backend.name}: ${firstLine(error)}`);
    }
  }
  throw new Error(`No backend runs, not even cpu: ${passed.join('; ')}`);
}

async function activate({ name }: Backend): Promise<void> {
  if (!(await tf.setBackend(name))) throw new Error('tfjs could not initialize it');
  await tf.ready();
}

function choice(
  { name, untrainable = [] }: Backend,
  { threads, instructions }: Registered,
  why: string,
): BackendChoice {
  const line = `backend ${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}${why}`;
  return { name, threads, untrainable, line, ...(instructions !== undefined && { instructions }) };
}

/**
 * The threads that the variable PRUNEBENCH_THREADS asks for; undefined where it is not set.
 *
 * @throws PrunebenchError when it is no number of threads
 */
export function threadsAskedFor(): number | undefined {
  return checkedThreads(process.env.PRUNEBENCH_THREADS);
}

function checkedThreads(value: number | string | undefined): number | undefined {
  if (value === undefined || value === '') return undefined;
  const threads = Number(value);
  if (!Number.isInteger(threads) || threads < 1 || threads > MOST_THREADS)
    throw new PrunebenchError(`The number of threads is ${JSON.stringify(value)}.`, {
      remedy: `Give a whole number from 1 to ${MOST_THREADS} to --threads or PRUNEBENCH_THREADS, or leave it out for one per core.`,
    });
  return threads;
}

/** What a run says of itself in a file, for other processes to read while it goes on and after it. */
import { readTextIfThere } from '@prunebench/files';
import { z } from 'zod';

const activity = z.strictObject({
  task: z.string(),
  /** Of the task, in [0, 1]. */
  fraction: z.number(),
  loss: z.number().optional(),
  examplesPerSecond: z.number().optional(),
});

const runStatus = z.strictObject({
  pid: z.int(),
  host: z.string(),
  /** When the process began, as its lock says it; absent where the system does not tell. */
  start: z.string().optional(),
  /** The words behind `prunebench`, which go on where it stops; empty where no command line began it. */
  command: z.array(z.string()),
  benchmark: z.string(),
  scale: z.string(),
  /** `starting`, `training`, `timing` the pruned networks, or writing the `tables`. */
  phase: z.enum(['starting', 'training', 'timing', 'tables']),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  /** Of the phase: trials, or networks that are timed; null before anything is counted. */
  trials: z.strictObject({ total: z.int(), done: z.int(), failed: z.int() }).nullable(),
  /** Share of the phase's work that is done, in [0, 1]. */
  fraction: z.number().nullable(),
  secondsLeft: z.number().nullable(),
  /** What each worker does; null for one that is idle. */
  workers: z.array(activity.nullable()),
  /** Null while it goes on, and for ever where it was killed. */
  ended: z
    .strictObject({
      at: z.iso.datetime(),
      /** `finished` all trials that can be, `stopped` by a signal, or `failed` as a whole. */
      how: z.enum(['finished', 'stopped', 'failed']),
      reason: z.string().nullable(),
    })
    .nullable(),
});
export type RunStatus = z.output<typeof runStatus>;

/** Bytes that the file may have: a line for each worker. */
const LIMIT = 2 ** 20;

/** What the file says; undefined where there is none, or one that says nothing. */
export async function readRunStatus(path: string): Promise<RunStatus | undefined> {
  const text = await readTextIfThere(path, LIMIT);
  if (text === undefined) return undefined;
  try {
    return runStatus.parse(JSON.parse(text));
  } catch {
    // Of another version, or what a crash of the machine left: who asks is told that nothing is known.
    return undefined;
  }
}

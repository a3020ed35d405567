import { constants } from 'node:os';
import { type Command, ProcessGroup, type Taken } from './process-group.ts';

const STOPS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** How long one computes before it is the next one's turn: noise that lasts longer meets all of them. */
const SLICE_SECONDS = 5;

/**
 * Runs all commands at once, of which only one computes at any moment, in turns of some seconds, until the last has ended: what else
 * the machine has to do harms them alike.
 *
 * @returns what each took, in their order
 * @throws PrunebenchError for a command that fails; the others are ended then
 */
export async function inSlices(
  commands: readonly Command[],
  sliceSeconds: number = SLICE_SECONDS,
): Promise<readonly Taken[]> {
  const groups = commands.map((command) => new ProcessGroup(command));
  // Without a handler a signal would end this process before it could end theirs.
  const stop = (signal: NodeJS.Signals) => process.exit(128 + constants.signals[signal]);
  for (const signal of STOPS) process.once(signal, stop);
  try {
    while (groups.some(({ isOver }) => !isOver))
      for (const group of groups) if (!group.isOver) await group.turn(sliceSeconds);
    return groups.map((group) => group.taken());
  } finally {
    for (const signal of STOPS) process.off(signal, stop);
    for (const group of groups) group.kill();
  }
}

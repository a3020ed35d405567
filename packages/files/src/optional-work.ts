import { channel } from 'node:diagnostics_channel';
import { PrunebenchError } from '@prunebench/core';
import { systemError } from './file-error.ts';

/** Work that may fail says so here, to whoever shows lines to the user: a display, or a worker's parent. */
const notices = channel('prunebench:notice');
const said = new Set<string>();

/** Calls `show` with the notices of this process, until the function that is returned is called. Without anybody they go to stderr. */
export function onNotice(show: (line: string) => void): () => void {
  const receive = (line: unknown) => show(String(line));
  notices.subscribe(receive);
  return () => void notices.unsubscribe(receive);
}

/**
 * Does work that the rest can do without, such as keeping a cache: where it fails, one notice says so and the rest goes on. The
 * same notice is given once.
 *
 * @param loss what is missing then, as the beginning of a sentence: "The kernel times are not kept"
 */
export async function optionally<T>(loss: string, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    notify(`${loss}: ${reasonOf(error)}`);
    return undefined;
  }
}

/** Says something once, to whoever shows lines to the user. */
export function notify(line: string): void {
  if (said.has(line)) return;
  said.add(line);
  if (notices.hasSubscribers) notices.publish(line);
  else console.error(line);
}

/** A bug keeps its stack: this is the only place where it is seen. */
function reasonOf(error: unknown): string {
  const known = error instanceof PrunebenchError ? error : systemError(error);
  if (known) return known.message;
  return error instanceof Error ? (error.stack ?? String(error)) : String(error);
}

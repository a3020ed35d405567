import { Worker } from 'node:worker_threads';

/**
 * Ends this process when its parent is gone, also in the middle of a computation, during which it sees no event: a thread of its own
 * looks after the parent.
 */
export function endWithParent(): void {
  new Worker(new URL('parent-watch.ts', import.meta.url), { workerData: process.ppid }).unref();
}

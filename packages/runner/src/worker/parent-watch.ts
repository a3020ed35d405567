/** The thread of a worker process that ends it once its parent, whose number it is given, is gone. */
import { workerData } from 'node:worker_threads';

/** Between two looks. */
const INTERVAL_MS = 200;

setInterval(() => {
  // A process whose parent has ended is given another one.
  if (process.ppid !== workerData) process.kill(process.pid, 'SIGKILL');
}, INTERVAL_MS);

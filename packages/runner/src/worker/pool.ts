import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { type Progress, PrunebenchError } from '@prunebench/core';
import type { Notice } from '@prunebench/files';
import { COMPILE_CACHE } from '../compile-cache.ts';
import { errorMessage, toError } from '../errors/error-message.ts';
import type { WorkersTime } from '../profile/workers-time.ts';
import { type Executor, WorkerCrash } from '../schedule/scheduler.ts';
import type { FromWorker, Task, TaskResult, ToWorker, WorkerConfig, WorkerInfo } from './protocol.ts';

const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
/** How long workers get to reach their next step after an abort; nothing is lost when they are killed, as files appear whole. */
const GRACE_MS = 5000;
/** Large arrays on large pages, where glibc allocates: touching a new array for the first time costs more than filling it otherwise. */
export const WORKER_ENVIRONMENT = { GLIBC_TUNABLES: 'glibc.malloc.hugetlb=1' };
/** How many processes a slot may lose while they start: one may be bad luck, such as memory that was short for a moment. */
const STARTS = 3;
/** How much of a worker's last words goes into a crash message. */
const LAST_WORDS = 2000;

export interface PoolOptions {
  readonly size: number;
  /** Compute threads of each worker. */
  readonly threads: number;
  readonly config: WorkerConfig;
  readonly notice: Notice;
  /** Hears where the workers' time goes; absent: they do not look. */
  readonly profile?: WorkersTime | undefined;
}

/** Worker processes, started when they are first needed and replaced when they die. */
export class WorkerPool implements Executor {
  readonly size: number;
  readonly #options: PoolOptions;
  readonly #workers: (Worker | undefined)[];
  #config: WorkerConfig;
  #stopping = false;

  constructor(options: PoolOptions) {
    this.size = options.size;
    this.#options = options;
    this.#config = options.config;
    this.#workers = new Array<Worker | undefined>(options.size);
  }

  /**
   * Starts the first worker. All others get the backend that it chose, so that a run never mixes two.
   *
   * @returns what the worker says of itself; undefined when the run was stopped before
   * @throws PrunebenchError when the backend cannot be used, or when workers die before they have started
   */
  async start(): Promise<WorkerInfo | undefined> {
    const started = await this.#worker(0);
    if (!started) return undefined;
    this.#config = { ...this.#config, backend: started.info.backend };
    return started.info;
  }

  async execute(slot: number, task: Task, onProgress: (progress: Progress) => void): Promise<TaskResult> {
    try {
      const started = await this.#worker(slot);
      if (!started) return { status: 'aborted' };
      const answer = started.worker.execute(task, onProgress);
      this.#options.profile?.works(answer);
      return (await answer).result;
    } catch (error) {
      // Without workers no other task fares better.
      if (error instanceof StartError) return { status: 'fatal', error: errorMessage(error) };
      throw error;
    }
  }

  /**
   * Asks every worker to stop at its next step, and kills those that have not answered after the grace time; those that
   * are still starting have nothing to stop at, and go at once.
   */
  abort(): void {
    this.#stopping = true;
    for (const worker of this.#workers)
      if (worker?.starting) void worker.kill();
      else worker?.send({ type: 'abort' });
    setTimeout(() => void this.close(), GRACE_MS).unref();
  }

  /** Ends all workers at once, and waits until they are gone. */
  async close(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#workers.map((worker) => worker?.kill()));
  }

  /** The worker of a slot, once it is ready; undefined when the run is stopped before. One that dies while it starts is replaced. */
  async #worker(slot: number): Promise<{ worker: Worker; info: WorkerInfo } | undefined> {
    const { threads, notice } = this.#options;
    for (let start = 1; !this.#stopping; start++) {
      let worker = this.#workers[slot];
      if (!worker?.alive) {
        worker = new Worker(this.#config, threads, notice);
        this.#options.profile?.starts(worker.ready);
        this.#workers[slot] = worker;
      }
      try {
        return { worker, info: await worker.ready };
      } catch (error) {
        // A Ctrl-C reaches the whole group of processes: a worker that cannot handle it yet dies of it, or its compiler does.
        if (this.#stopping) return undefined;
        if (!(error instanceof WorkerCrash)) throw error;
        if (start === STARTS) throw new StartError(error.message);
        notice(`worker died (${error.message}) while it started; another one is started`);
      }
    }
    return undefined;
  }
}

/** Workers died again and again before they could be given anything to do. */
class StartError extends PrunebenchError {
  constructor(reason: string) {
    super(`${STARTS} worker processes died while they started (${reason}).`, {
      remedy: 'If memory was short, use fewer --workers; ./prunebench doctor checks what a run needs.',
    });
  }
}

/** What a worker says of a task that has ended. */
type Answer = Extract<FromWorker, { type: 'result' }>;

class Worker {
  readonly ready: Promise<WorkerInfo>;
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #alive = true;
  #starting = true;
  #lastWords = '';
  #settle: { resolve: (answer: Answer) => void; reject: (error: Error) => void } | undefined;
  #onProgress: (progress: Progress) => void = () => {};

  constructor(config: WorkerConfig, threads: number, notice: Notice) {
    this.#child = fork(WORKER, [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: {
        NODE_COMPILE_CACHE: COMPILE_CACHE,
        ...WORKER_ENVIRONMENT,
        ...process.env,
        PRUNEBENCH_THREADS: String(threads),
      },
    });
    this.#child.stderr!.on('data', (bytes: Buffer) => {
      this.#lastWords = (this.#lastWords + bytes.toString()).slice(-LAST_WORDS);
    });
    this.ready = new Promise((resolve, reject) => {
      this.#child.on('message', (message: FromWorker) => {
        switch (message.type) {
          case 'ready':
            this.#starting = false;
            return resolve(message.info);
          case 'unusable':
            return reject(toError(message.error));
          case 'progress':
            return this.#onProgress(message.progress);
          case 'notice':
            return notice(message.line);
          case 'result':
            return this.#settle?.resolve(message);
        }
      });
      this.#child.on('error', (error) => this.#died(error.message, reject));
      this.#child.on('close', (code, signal) => this.#died(this.#obituary(code, signal), reject));
    });
    this.#gone = new Promise((resolve) => {
      this.#child.on('error', () => resolve()).on('close', () => resolve());
    });
    // Whoever awaits `ready` sees the rejection; a worker that dies later must not count as unhandled.
    this.ready.catch(() => {});
    this.send({ type: 'configure', config });
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Whether it has not said yet that its backend is loaded. */
  get starting(): boolean {
    return this.#starting;
  }

  execute(task: Task, onProgress: (progress: Progress) => void): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      if (!this.#alive) return reject(new WorkerCrash(this.#lastWords));
      this.#settle = { resolve, reject };
      this.#onProgress = onProgress;
      this.send({ type: 'task', task });
    }).finally(() => {
      this.#settle = undefined;
      this.#onProgress = () => {};
    });
  }

  send(message: ToWorker): void {
    // A worker that is gone is noticed by its 'close' event.
    if (this.#child.connected) this.#child.send(message, () => {});
  }

  kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    return this.#gone;
  }

  #died(reason: string, rejectReady: (error: Error) => void): void {
    this.#alive = false;
    const crash = new WorkerCrash(reason);
    rejectReady(crash);
    this.#settle?.reject(crash);
  }

  #obituary(code: number | null, signal: NodeJS.Signals | null): string {
    const cause = signal ? `killed by ${signal}` : `exit code ${code}`;
    const words = this.#lastWords.trim();
    return words === '' ? cause : `${cause}; it said: ${words}`;
  }
}

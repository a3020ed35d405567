import { hostname } from 'node:os';
import { messageOf } from '@prunebench/core';
import { optionally, processMark, writeJson } from '@prunebench/files';
import type { Display } from './display.ts';
import type { RunStatus } from './run-status.ts';
import type { Snapshot } from './tracker.ts';

/** Between two writes. */
const INTERVAL_MS = 1000;

/** What does not change while a run goes on. */
export type RunIdentity = Pick<RunStatus, 'benchmark' | 'scale' | 'command'>;

/**
 * Keeps a file that says what a run does, whole at any moment. Written when something begins or ends, and once a second while
 * there is something new; a run goes on without it where it cannot be written.
 */
export class StatusFile {
  readonly #path: string;
  #status: RunStatus;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #said = '';

  /** Writes what is known so far. */
  static async begin(path: string, identity: RunIdentity): Promise<StatusFile> {
    const file = new StatusFile(path, identity);
    await file.#write();
    return file;
  }

  private constructor(path: string, { benchmark, scale, command }: RunIdentity) {
    this.#path = path;
    const { pid, start } = processMark(process.pid);
    const now = new Date().toISOString();
    this.#status = {
      ...{ pid, host: hostname(), ...(start !== undefined && { start }) },
      ...{ command, benchmark, scale },
      ...{ phase: 'starting', startedAt: now, updatedAt: now },
      ...{ trials: null, fraction: null, secondsLeft: null, workers: [], ended: null },
    };
  }

  /** A display that shows the same as `display`, and what it shows goes to the file. */
  follow(display: Display): Display {
    return {
      line: (text) => display.line(text),
      start: (snapshot) => {
        display.start(snapshot);
        this.#timer = setInterval(() => void this.#note(snapshot()), INTERVAL_MS);
      },
      stop: () => {
        clearInterval(this.#timer);
        display.stop();
      },
    };
  }

  /** What the run is at from now on. */
  enter(phase: RunStatus['phase']): Promise<void> {
    this.#status = { ...this.#status, phase, trials: null, fraction: null, secondsLeft: null, workers: [] };
    return this.#write();
  }

  /** Says for good how the run ended. */
  async end(how: 'finished' | 'stopped'): Promise<void> {
    await this.#end(how, null);
  }

  /** The same for a run that could not go on. */
  async fail(error: unknown): Promise<void> {
    await this.#end('failed', messageOf(error));
  }

  async #end(how: 'finished' | 'stopped' | 'failed', reason: string | null): Promise<void> {
    clearInterval(this.#timer);
    this.#status = { ...this.#status, workers: [], ended: { at: new Date().toISOString(), how, reason } };
    await this.#write();
  }

  async #note({ trials, fraction, secondsLeft, activities }: Snapshot): Promise<void> {
    const next = {
      ...{ trials, fraction },
      secondsLeft: secondsLeft ?? null,
      workers: activities.map((activity) => (activity ? { task: activity.task, ...activity.progress } : null)),
    };
    this.#status = { ...this.#status, ...next };
    const said = JSON.stringify(next);
    if (said === this.#said || this.#waiting > 0) return;
    this.#said = said;
    await this.#write();
  }

  /** One write after the other: a slow disk delays the file, and never the run. */
  async #write(): Promise<void> {
    this.#status = { ...this.#status, updatedAt: new Date().toISOString() };
    const content = this.#status;
    this.#waiting++;
    this.#writing = this.#writing.then(() =>
      optionally('What the run does is not kept in a file', () => writeJson(this.#path, content)),
    );
    await this.#writing;
    this.#waiting--;
  }
}

/** A command with all processes that it starts, which can be made to wait, and what it took. */
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { PrunebenchError } from '@prunebench/core';

export interface Command {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** Variables to set, or to take away (undefined). */
  readonly environment: NodeJS.ProcessEnv;
}

/** What a whole run of a command took, all of its processes together. */
export interface Taken {
  /** While it was not made to wait. */
  readonly wallSeconds: number;
  readonly processorSeconds: number;
  /** The most memory that was seen at once, what processes share counted once. */
  readonly peakMiB: number;
}

/** Between two looks at the memory. */
const LOOK_MS = 500;

/** Runs the command, and says at its end what all that it waited for took: in seconds of user and system. */
const TIMED = '"$@"; code=$?; times >&3; exit $code';

export class ProcessGroup {
  readonly #command: Command;
  #running: { readonly child: ChildProcess; readonly closed: Promise<number | null> } | undefined;
  #over = false;
  #said = '';
  #times = '';
  #seconds = 0;
  #peakMiB = 0;

  constructor(command: Command) {
    this.#command = command;
  }

  get isOver(): boolean {
    return this.#over;
  }

  /**
   * Lets it compute for so long, or to its end.
   *
   * @throws PrunebenchError where it ends otherwise than it should
   */
  async turn(seconds: number): Promise<void> {
    const start = performance.now();
    if (this.#running) this.#signal('SIGCONT');
    this.#running ??= this.#start();
    const looking = setInterval(() => this.#look(), LOOK_MS);
    let timer: NodeJS.Timeout | undefined;
    const time = new Promise<'time'>((resolve) => {
      timer = setTimeout(() => resolve('time'), 1000 * seconds);
    });
    try {
      const ended = await Promise.race([this.#running.closed, time]);
      if (ended === 'time') this.#signal('SIGSTOP');
      this.#seconds += (performance.now() - start) / 1000;
      if (ended === 'time') return;
      alive.delete(this);
      if (ended !== 0) throw new PrunebenchError(`${this.#command.name} ended with ${ended}: ${this.#said.trim()}`);
    } finally {
      clearInterval(looking);
      clearTimeout(timer);
    }
  }

  /** What it took, once it is over. */
  taken(): Taken {
    return { wallSeconds: this.#seconds, processorSeconds: processorSeconds(this.#times), peakMiB: this.#peakMiB };
  }

  /** Ends it with all its processes. */
  kill(): void {
    if (!this.#over) this.#signal('SIGKILL');
    alive.delete(this);
  }

  #start() {
    const { file, args, environment } = this.#command;
    const child = spawn('sh', ['-c', TIMED, 'sh', file, ...args], {
      detached: true,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    });
    alive.add(this);
    for (const stream of [child.stdout, child.stderr])
      stream!.on('data', (text) => {
        this.#said = (this.#said + text).slice(-4000);
      });
    child.stdio[3]!.on('data', (text) => {
      this.#times += text;
    });
    const closed = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code) => {
        this.#over = true;
        resolve(code);
      });
    });
    closed.catch(() => {});
    return { child, closed };
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#running?.child.pid;
    if (pid === undefined) return;
    try {
      process.kill(-pid, signal);
    } catch {
      // It has just ended.
    }
  }

  #look(): void {
    const pid = this.#running?.child.pid;
    if (pid !== undefined) this.#peakMiB = Math.max(this.#peakMiB, memoryOf(pid));
  }
}

const alive = new Set<ProcessGroup>();
/** Groups of their own hear no Ctrl-C, and what waits would wait for ever. */
process.once('exit', () => {
  for (const group of alive) group.kill();
});

/** The line of the children in what a shell's `times` prints: "0m1.20s 0m0.30s". */
export function processorSeconds(times: string): number {
  const [user, system] = (times.trim().split('\n').at(-1) ?? '').split(/\s+/).map((text) => {
    const [, minutes, seconds] = /^(\d+)m([\d.]+)s$/.exec(text) ?? [];
    return 60 * Number(minutes) + Number(seconds);
  });
  return user + system;
}

/** Memory of all processes of a group in MiB: pages that several have are divided among them. */
function memoryOf(group: number): number {
  let kilobytes = 0;
  for (const pid of readdirSync('/proc')) {
    if (!/^\d+$/.test(pid) || groupOf(pid) !== group) continue;
    try {
      const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
      kilobytes += Number(/^Pss:\s+(\d+) kB$/m.exec(text)?.[1] ?? 0);
    } catch {
      // It has just ended.
    }
  }
  return kilobytes / 1024;
}

function groupOf(pid: string): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // "pid (name, which may hold anything) state parent group ..."
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
  } catch {
    return undefined;
  }
}

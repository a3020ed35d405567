import { closeSync, constants, fstatSync, openSync, writeFileSync } from 'node:fs';
import { messageOf, printable } from '@prunebench/core';
import { MultiBar, type SingleBar } from 'cli-progress';
import { describeActivity, describeSnapshot, duration } from './format.ts';
import type { Snapshot } from './tracker.ts';

/** Between two lines where there is no terminal to redraw, and in the log. */
const LINE_INTERVAL_MS = 10_000;
const REDRAW_INTERVAL_MS = 250;

/** Shows a run while it goes on. */
export interface Display {
  /** One event: goes to the log, and above the bars or into the stream of lines. */
  line(text: string): void;
  start(snapshot: () => Snapshot): void;
  stop(): void;
}

/**
 * Bars on a terminal, short lines elsewhere; the lines go to `logFile`, whose folder exists, in both cases.
 *
 * @param stream null: the log is all there is
 */
export function createDisplay(stream: NodeJS.WriteStream | null, logFile: string): Display {
  if (stream === null) return new LogDisplay(logger(logFile, process.stderr));
  const log = logger(logFile, stream);
  return stream.isTTY ? new TerminalDisplay(stream, log) : new LineDisplay(stream, log);
}

/** Appends lines to the log. A log that cannot be written is no reason to stop, so it is said once and given up. */
function logger(file: string, stream: NodeJS.WriteStream): (text: string) => void {
  let works = true;
  return (text) => {
    if (!works) return;
    try {
      append(file, `${new Date().toISOString()} ${text}\n`);
    } catch (error) {
      works = false;
      stream.write(`The log cannot be written any more: ${printable(messageOf(error))}\n`);
    }
  };
}

/** Appends to a regular file; a pipe in its place, which nobody may ever read, is not waited for. */
function append(file: string, text: string): void {
  const { O_WRONLY, O_APPEND, O_CREAT, O_NONBLOCK = 0 } = constants;
  const log = openSync(file, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK);
  try {
    if (!fstatSync(log).isFile()) throw new Error(`${file} is no file`);
    writeFileSync(log, text);
  } finally {
    closeSync(log);
  }
}

/** What nobody watches: the log has a line for each event, and none in between. */
class LogDisplay implements Display {
  readonly #log: (text: string) => void;

  constructor(log: (text: string) => void) {
    this.#log = log;
  }

  line(text: string): void {
    this.#log(printable(text));
  }

  start(): void {}

  stop(): void {}
}

class LineDisplay implements Display {
  readonly #stream: NodeJS.WriteStream;
  readonly #log: (text: string) => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(stream: NodeJS.WriteStream, log: (text: string) => void) {
    this.#stream = stream;
    this.#log = log;
  }

  line(text: string): void {
    this.#stream.write(`${printable(text)}\n`);
    this.#log(printable(text));
  }

  start(snapshot: () => Snapshot): void {
    this.#timer = setInterval(() => this.line(describeSnapshot(snapshot())), LINE_INTERVAL_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

class TerminalDisplay implements Display {
  readonly #stream: NodeJS.WriteStream;
  readonly #log: (text: string) => void;
  #bars: { all: MultiBar; run: SingleBar; workers: SingleBar[] } | undefined;
  #timers: NodeJS.Timeout[] = [];

  constructor(stream: NodeJS.WriteStream, log: (text: string) => void) {
    this.#stream = stream;
    this.#log = log;
  }

  line(text: string): void {
    const line = printable(text);
    this.#log(line);
    if (this.#bars) this.#bars.all.log(`${line}\n`);
    else this.#stream.write(`${line}\n`);
  }

  start(snapshot: () => Snapshot): void {
    const all = new MultiBar({
      stream: this.#stream,
      format: '{bar} {text}',
      barsize: 20,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      hideCursor: true,
      clearOnComplete: true,
      // Ctrl-C is handled by the run, which then stops the display.
      gracefulExit: false,
    });
    const { activities } = snapshot();
    const create = () => all.create(1, 0, { text: '' });
    this.#bars = { all, run: create(), workers: activities.map(create) };
    this.#timers = [
      setInterval(() => this.#draw(snapshot()), REDRAW_INTERVAL_MS),
      setInterval(() => this.#log(describeSnapshot(snapshot())), LINE_INTERVAL_MS),
    ];
    this.#draw(snapshot());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#bars?.all.stop();
    this.#bars = undefined;
  }

  #draw({ trials, fraction, secondsLeft, activities }: Snapshot): void {
    if (!this.#bars) return;
    const failed = trials.failed > 0 ? `, ${trials.failed} failed` : '';
    const left = secondsLeft === undefined ? '' : `, ${duration(secondsLeft)} left`;
    // A bar at its total would end the whole group before the run does.
    this.#bars.run.update(Math.min(fraction, 0.999), { text: `${trials.done}/${trials.total} trials${failed}${left}` });
    for (const [slot, bar] of this.#bars.workers.entries()) {
      const activity = activities[slot];
      const text = activity ? printable(describeActivity(activity)) : 'idle';
      bar.update(Math.min(activity?.progress.fraction ?? 0, 0.999), { text });
    }
  }
}

/**
 * An error that a user can mend: it names what is wrong (file, field, value) and says what to do.
 * The command line prints `message` and `remedy` without a stack trace and exits with 1;
 * any other error is a bug and keeps its stack trace.
 */
export class PrunebenchError extends Error {
  /** What the user can do about it, as a full sentence. */
  readonly remedy: string | undefined;

  constructor(message: string, options: { remedy?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'PrunebenchError';
    this.remedy = options.remedy;
  }
}

/** Training met a NaN or an infinite loss; the trial stops and its record says why. */
export class DivergenceError extends PrunebenchError {
  constructor(message: string) {
    super(message, { remedy: 'Lower the learning rate of this trial, or prune less in one step.' });
    this.name = 'DivergenceError';
  }
}

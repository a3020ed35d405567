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

/** What an error says; anything else that was thrown, as text. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What the system calls the reason of an error ("ENOENT"); undefined where it has no such name. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** A loss, a parameter or a score is NaN or infinite; the trial stops and its record says why. */
export class DivergenceError extends PrunebenchError {
  constructor(message: string, remedy = 'Lower the learning rate of this trial, or prune less in one step.') {
    super(message, { remedy });
    this.name = 'DivergenceError';
  }
}

/** A pruning step would leave a layer without weights while others keep theirs; the trial's record says so. */
export class LayerCollapseError extends PrunebenchError {
  /** The kernels that would be empty, in layer order. */
  readonly layers: readonly string[];

  constructor(layers: readonly string[], sparsity: number) {
    super(`Layer collapse: at sparsity ${sparsity} no weight would be left in ${layers.join(', ')}.`, {
      remedy: 'Prune less, use scope "layerwise", or set allowLayerCollapse to record what happens then.',
    });
    this.name = 'LayerCollapseError';
    this.layers = layers;
  }
}

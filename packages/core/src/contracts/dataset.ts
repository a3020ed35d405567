/** A labelled split, kept as raw bytes and normalised while a batch is assembled. */
export interface Split {
  readonly size: number;
  /** Class index of every example. */
  readonly labels: Int32Array;
  /**
   * Writes the normalised examples `indices` into `out` ([indices.length, ...inputShape], row-major): the only copy made.
   */
  fill(indices: ArrayLike<number>, out: Float32Array): void;
}

export type SplitName = 'train' | 'validation' | 'calibration' | 'test';

/** A dataset cut into four splits that never overlap; `validation` and `calibration` are carved from the training set. */
export interface Dataset {
  readonly id: string;
  /** [height, width, channels] or [features]. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  readonly splits: Readonly<Record<SplitName, Split>>;
  /** Digest of the source files' checksums and the split's own recipe: part of every record's provenance. */
  readonly checksum: string;
}

/** A batch as plain data. */
export interface Batch {
  /** [size, ...inputShape] */
  readonly x: Float32Array;
  /** [size] class indices */
  readonly y: Int32Array;
  readonly size: number;
}

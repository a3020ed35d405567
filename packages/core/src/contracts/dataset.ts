/** Rows of bytes, and what each byte becomes: 256 values for every channel, which come in turn within a row. */
export interface ByteRows {
  readonly bytes: Uint8Array;
  /** Bytes of a row. */
  readonly size: number;
  /** [channels * 256] */
  readonly table: Float32Array;
}

/** Writes the rows `rows`, each byte by its table, one after another into `out` [rows.length * size]. */
export type GatherBytes = (from: ByteRows, rows: Uint32Array, out: Float32Array) => void;

/** A labelled split, kept as raw bytes and normalised while a batch is assembled. */
export interface Split {
  readonly size: number;
  /** Class index of every example. */
  readonly labels: Int32Array;
  /**
   * Writes the normalised examples `indices` into `out` ([indices.length, ...inputShape], row-major): the only copy made.
   *
   * @param gather how bytes become numbers on the backend at hand; absent, or where a split does not consist of bytes: in JavaScript
   */
  fill(indices: ArrayLike<number>, out: Float32Array, gather?: GatherBytes): void;
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

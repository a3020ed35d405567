import type { ByteRows, Split } from '@prunebench/core';

/** Where in the padded image each example's window lies, and whether it is mirrored. */
export interface Crops {
  /** Black pixels added on each side. */
  readonly padding: number;
  /** First row and column of the window in the padded image, 0 ... 2 * padding. */
  readonly top: ArrayLike<number>;
  readonly left: ArrayLike<number>;
  /** 1: left and right change places. */
  readonly mirrored: ArrayLike<number>;
}

/** A split of images, which can be filled as shifted and mirrored windows too. */
export interface ImageSplit extends Split {
  /**
   * Like `fill`, but of each padded image only the window that `crops` says. Padding is black before normalisation,
   * as torchvision's `RandomCrop(padding=4)` before `ToTensor` and `Normalize` has it: it is -mean / deviation after.
   */
  fillCropped(indices: ArrayLike<number>, crops: Crops, out: Float32Array): void;
}

/** Examples as raw bytes, shared by the splits that view them. */
export interface ByteExamples {
  /** [examples, ...shape], row-major. */
  readonly bytes: Uint8Array;
  /** [examples] */
  readonly labels: Int32Array;
  /** [height, width, channels] or [features] */
  readonly shape: readonly number[];
  /** What each byte becomes: 256 values for each channel; one channel stands for all where it is alone. */
  readonly table: Float32Array;
}

/** The values of normalised bytes: (byte / 255 - mean) / deviation, channel after channel. */
export function normalisationTable(mean: readonly number[], deviation: readonly number[]): Float32Array {
  return Float32Array.from(
    { length: 256 * mean.length },
    (_, i) => ((i & 255) / 255 - mean[i >> 8]) / deviation[i >> 8],
  );
}

/** Bytes as they are. */
export function identityTable(): Float32Array {
  return Float32Array.from({ length: 256 }, (_, byte) => byte);
}

/** The rows `rows` of `examples`; nothing is copied but their labels. */
export function byteSplit(examples: ByteExamples, rows: Uint32Array): Split {
  const { bytes, table } = examples;
  const size = exampleSize(examples);
  return {
    size: rows.length,
    labels: Int32Array.from(rows, (row) => examples.labels[row]),
    fill(indices, out, gather = gatherBytes) {
      requireLength(out, indices.length * size);
      gather(
        { bytes, size, table },
        Uint32Array.from(indices, (index) => rowAt(rows, index)),
        out,
      );
    },
  };
}

/** A split of images: see `byteSplit`. */
export function imageSplit(examples: ByteExamples, rows: Uint32Array): ImageSplit {
  const [height, width, channels] = examples.shape;
  const size = height * width * channels;
  const geometry = { height, width, channels };
  return {
    ...byteSplit(examples, rows),
    fillCropped(indices, crops, out) {
      requireLength(out, indices.length * size);
      for (let i = 0; i < indices.length; i++) {
        const image = examples.bytes.subarray(rowAt(rows, indices[i]) * size, (rowAt(rows, indices[i]) + 1) * size);
        const window = {
          y: crops.top[i] - crops.padding,
          x: crops.left[i] - crops.padding,
          mirrored: crops.mirrored[i],
        };
        cropOne(image, geometry, window, examples.table, out.subarray(i * size, (i + 1) * size));
      }
    },
  };
}

/** Whether a split can be augmented as images are. */
export function isImageSplit(split: Split): split is ImageSplit {
  return 'fillCropped' in split;
}

function exampleSize({ shape }: ByteExamples): number {
  return shape.reduce((product, length) => product * length, 1);
}

/** See `GatherBytes`. */
function gatherBytes({ bytes, size, table }: ByteRows, rows: Uint32Array, out: Float32Array): void {
  const channels = table.length / 256;
  for (let i = 0; i < rows.length; i++) {
    const [from, to] = [rows[i] * size, i * size];
    if (channels === 1) for (let k = 0; k < size; k++) out[to + k] = table[bytes[from + k]];
    else
      for (let k = 0; k < size; k += channels)
        for (let c = 0; c < channels; c++) out[to + k + c] = table[(c << 8) | bytes[from + k + c]];
  }
}

function cropOne(
  image: Uint8Array,
  { height, width, channels }: { height: number; width: number; channels: number },
  window: { y: number; x: number; mirrored: number },
  table: Float32Array,
  out: Float32Array,
): void {
  let to = 0;
  for (let y = window.y; y < window.y + height; y++) {
    for (let column = 0; column < width; column++) {
      const x = window.x + (window.mirrored ? width - 1 - column : column);
      const inside = y >= 0 && y < height && x >= 0 && x < width;
      const from = (y * width + x) * channels;
      for (let c = 0; c < channels; c++) out[to++] = table[(c << 8) | (inside ? image[from + c] : 0)];
    }
  }
}

function rowAt(rows: Uint32Array, index: number): number {
  if (!(index >= 0 && index < rows.length))
    throw new RangeError(`Example ${index} of a split with ${rows.length} examples.`);
  return rows[index];
}

function requireLength(out: Float32Array, length: number): void {
  if (out.length !== length) throw new RangeError(`The batch needs ${length} values; the array has ${out.length}.`);
}

import type { Batch, GatherBytes, RandomStream, Split } from '@prunebench/core';
import { PrunebenchError } from '@prunebench/core';
import { type Crops, type ImageSplit, isImageSplit } from './byte-split.ts';

/** Pixels by which CIFAR's crops may shift in each direction (He et al. 2016, section 4.2). */
const PADDING = 4;

export interface BatchOptions {
  readonly batchSize: number;
  /** Shape of one example. */
  readonly inputShape: readonly number[];
  /** Indices into the split, in the order in which they come; default: all, in the split's own order. */
  readonly order?: Uint32Array;
  /**
   * `crop-flip`: each image padded by 4 black pixels on every side, a random window of the original size, mirrored
   * with probability 1/2 (He et al. 2016, section 4.2).
   */
  readonly augmentation?: 'none' | 'crop-flip';
  /** Where augmentation draws from, by the names `crop` and `flip`; needed by `crop-flip` only. */
  readonly random?: RandomStream;
  /** Leaves out the last batch where it is smaller than the others; default false. */
  readonly dropLast?: boolean;
  /**
   * Writes every batch into the same two arrays. Safe only where a batch is used up, or copied, before the next one
   * is asked for (tensors of tfjs's cpu backend keep the array they were made from); default false.
   */
  readonly reuseBuffers?: boolean;
  /** See `Split.fill`. */
  readonly gather?: GatherBytes | undefined;
}

/**
 * A split in batches, normalised while they are filled; the last one holds what is left.
 *
 * @throws PrunebenchError where images are to be augmented and the split has none
 */
export function* batches(split: Split, options: BatchOptions): Iterable<Batch> & Generator<Batch, void, undefined> {
  const { batchSize, reuseBuffers = false, dropLast = false } = options;
  if (!(Number.isInteger(batchSize) && batchSize > 0))
    throw new PrunebenchError(`The batch size must be a positive whole number, found ${batchSize}.`);
  const order = options.order ?? Uint32Array.from({ length: split.size }, (_, i) => i);
  const exampleSize = options.inputShape.reduce((product, length) => product * length, 1);
  const fill = filler(split, options);
  // A batch never holds more than the data, however large a batch is asked for.
  const room = Math.min(batchSize, order.length);
  const buffers = () => ({ x: new Float32Array(room * exampleSize), y: new Int32Array(room) });
  const shared = reuseBuffers ? buffers() : undefined;
  for (let start = 0; start < order.length; start += batchSize) {
    const indices = order.subarray(start, start + batchSize);
    const size = indices.length;
    if (size < batchSize && dropLast) return;
    const { x, y } = size < room ? ragged(shared ?? buffers(), size, exampleSize) : (shared ?? buffers());
    fill(indices, x);
    for (let i = 0; i < size; i++) y[i] = split.labels[indices[i]];
    yield { x, y, size };
  }
}

function ragged(full: { x: Float32Array; y: Int32Array }, size: number, exampleSize: number) {
  return { x: full.x.subarray(0, size * exampleSize), y: full.y.subarray(0, size) };
}

function filler(split: Split, { augmentation = 'none', random, gather }: BatchOptions): Split['fill'] {
  if (augmentation === 'none') return (indices, out) => split.fill(indices, out, gather);
  if (!isImageSplit(split))
    throw new PrunebenchError('The augmentation crop-flip needs images, and this dataset has none.', {
      remedy: 'Set augmentation to none for this dataset.',
    });
  if (!random) throw new Error('batches: the augmentation crop-flip needs a random stream');
  return croppingFiller(split, random);
}

function croppingFiller(split: ImageSplit, random: RandomStream): Split['fill'] {
  const crop = random.fork('crop');
  const flip = random.fork('flip');
  return (indices, out) => split.fillCropped(indices, drawCrops(indices.length, crop, flip), out);
}

function drawCrops(count: number, crop: RandomStream, flip: RandomStream): Crops {
  const top = new Uint8Array(count);
  const left = new Uint8Array(count);
  const mirrored = new Uint8Array(count);
  for (let i = 0; i < count; i++) {
    top[i] = crop.integer(2 * PADDING + 1);
    left[i] = crop.integer(2 * PADDING + 1);
    mirrored[i] = flip.integer(2);
  }
  return { padding: PADDING, top, left, mirrored };
}

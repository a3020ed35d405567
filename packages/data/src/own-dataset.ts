/** Data sets of plugins: from files in MNIST's form, and from plain arrays. */
import { createHash } from 'node:crypto';
import { contentHash, type Dataset, type DatasetEntry, PrunebenchError, type Split } from '@prunebench/core';
import { readWhole } from '@prunebench/files';
import { type ByteExamples, byteSplit, imageSplit, normalisationTable } from './byte-split.ts';
import { parseIdx } from './idx.ts';
import { checkedLabels } from './labels.ts';
import { type Partition, type PartitionSizes, partition, partitionRecipe } from './partition.ts';

/** What every data set of one's own says. */
interface OwnDataset {
  /** What users type. */
  readonly id: string;
  readonly title: string;
  /** [height, width, channels] or [features], without the batch. */
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** How many examples of the training set are put aside to choose by; never trained on. */
  readonly validation: number;
  /** How many are put aside for criteria that look at data. */
  readonly calibration: number;
}

/** Examples in plain arrays, one after the other. */
export interface PlainExamples {
  /** [examples, ...inputShape], row-major, as the network is to see them. */
  readonly values: Float32Array;
  /** [examples]: the class of each, from 0. */
  readonly labels: ArrayLike<number>;
}

/** Two files in MNIST's form, by their absolute paths. */
export interface IdxFiles {
  /** Unsigned bytes: [examples, height, width], or with a fourth dimension of channels. */
  readonly images: string;
  /** Unsigned bytes: [examples]. */
  readonly labels: string;
}

export interface ArraysDataset extends OwnDataset {
  readonly train: PlainExamples;
  readonly test: PlainExamples;
}

export interface IdxDataset extends OwnDataset {
  readonly train: IdxFiles;
  readonly test: IdxFiles;
  /** Of the bytes / 255, a number for each channel; default 0 and 1: values from 0 to 1. */
  readonly mean?: readonly number[];
  readonly deviation?: readonly number[];
}

/** Bytes that a file of examples may have. */
const FILE_LIMIT = 2 ** 31;
const OWN = 'Correct the data set where it is declared.';

/**
 * A data set of plain arrays, cut as those of the suite are: validation and calibration from the training set, every class in its share.
 *
 * @throws PrunebenchError, when it is loaded, for arrays that do not fit each other, values that are not finite and labels that are no class
 */
export function fromArrays(own: ArraysDataset): DatasetEntry {
  return entryOf(own, async () => {
    const sets = { train: checkedExamples(own, 'train'), test: checkedExamples(own, 'test') };
    const digest = (set: 'train' | 'test') => digestOf(bytesOf(sets[set].values), bytesOf(sets[set].labels));
    return {
      labels: { train: sets.train.labels, test: sets.test.labels },
      digests: { train: digest('train'), test: digest('test') },
      view: (set, rows) => plainSplit(sets[set], rows),
    };
  });
}

/**
 * A data set of files in MNIST's form (IDX, not compressed).
 *
 * @throws PrunebenchError, when it is loaded, naming the file that is missing or not of this form
 */
export function fromIdx(own: IdxDataset): DatasetEntry {
  const { inputShape, mean = [0], deviation = [1] } = own;
  return entryOf(own, async () => {
    const table = normalisationTable(mean, deviation);
    const [train, test] = [await readPair(own.train, own), await readPair(own.test, own)];
    const examples: Record<'train' | 'test', ByteExamples> = {
      train: { ...train, shape: inputShape, table },
      test: { ...test, shape: inputShape, table },
    };
    const digest = (set: 'train' | 'test') =>
      digestOf(examples[set].bytes, bytesOf(examples[set].labels), bytesOf(table));
    return {
      labels: { train: train.labels, test: test.labels },
      digests: { train: digest('train'), test: digest('test') },
      view: (set, rows) => (inputShape.length === 3 ? imageSplit(examples[set], rows) : byteSplit(examples[set], rows)),
    };
  });
}

/** Two sets of examples, checked, before they are cut. */
interface LoadedSets {
  readonly labels: Readonly<Record<'train' | 'test', Int32Array>>;
  readonly digests: Readonly<Record<'train' | 'test', string>>;
  view(set: 'train' | 'test', rows: Uint32Array): Split;
}

function entryOf(own: OwnDataset, read: () => Promise<LoadedSets>): DatasetEntry {
  const { id, title, inputShape, classes, validation, calibration } = own;
  let loaded: Promise<Dataset> | undefined;
  const load = async (): Promise<Dataset> => {
    const { labels, digests, view } = await read();
    const parts = partsOf(own, labels.train);
    const part = (name: keyof Partition) => view('train', parts[name]);
    return {
      id,
      inputShape,
      classes,
      splits: {
        train: part('train'),
        validation: part('validation'),
        calibration: part('calibration'),
        test: view(
          'test',
          Uint32Array.from(labels.test, (_, row) => row),
        ),
      },
      checksum: contentHash({
        id,
        inputShape,
        classes,
        digests,
        partition: partitionRecipe({ validation, calibration }),
      }),
    };
  };
  return {
    id,
    title,
    shape: { inputShape, classes },
    load() {
      loaded ??= load();
      return loaded;
    },
  };
}

function partsOf({ id, classes, validation, calibration }: OwnDataset, labels: Int32Array): Partition {
  const sizes: PartitionSizes = { validation, calibration };
  for (const [name, size] of Object.entries(sizes))
    if (!Number.isInteger(size) || size < 1)
      throw fault(id, `"${name}" must be a whole number of examples of at least 1, found ${size}`);
  if (validation + calibration >= labels.length)
    throw fault(
      id,
      `of ${labels.length} examples in the training set, ${validation} for validation and ${calibration} for calibration leave none to train on`,
    );
  return partition(labels, classes, sizes);
}

function checkedExamples(own: ArraysDataset, set: 'train' | 'test') {
  const { id, inputShape, classes } = own;
  const { values, labels } = own[set];
  const size = inputShape.reduce((product, axis) => product * axis, 1);
  if (values.length !== labels.length * size)
    throw fault(
      id,
      `${set}: ${labels.length} labels and examples of ${inputShape.join(' x ')} need ${labels.length * size} values, found ${values.length}`,
    );
  const odd = values.findIndex((value) => !Number.isFinite(value));
  if (odd >= 0) throw fault(id, `${set}: example ${Math.floor(odd / size)} has a value that is ${values[odd]}`);
  const checked = Int32Array.from(labels);
  for (let i = 0; i < labels.length; i++)
    if (labels[i] !== checked[i] || labels[i] < 0 || labels[i] >= classes)
      throw fault(id, `${set}: expected labels 0 to ${classes - 1}, found ${labels[i]} at position ${i}`);
  return { values, labels: checked, size };
}

function plainSplit({ values, labels, size }: ReturnType<typeof checkedExamples>, rows: Uint32Array): Split {
  return {
    size: rows.length,
    labels: Int32Array.from(rows, (row) => labels[row]),
    fill(indices, out) {
      for (let i = 0; i < indices.length; i++) {
        const start = rows[indices[i]] * size;
        out.set(values.subarray(start, start + size), i * size);
      }
    },
  };
}

async function readPair({ images, labels }: IdxFiles, { inputShape, classes }: OwnDataset) {
  const [imageBytes, labelBytes] = [await readWhole(images, FILE_LIMIT), await readWhole(labels, FILE_LIMIT)];
  const source = { folder: '', remedy: OWN };
  const view = new DataView(labelBytes.buffer, labelBytes.byteOffset, labelBytes.byteLength);
  const count = labelBytes.length < 8 ? 0 : view.getUint32(4);
  // Grey images need no axis of channels.
  const axes = imageBytes[3] === 3 && inputShape[2] === 1 ? inputShape.slice(0, 2) : inputShape;
  const checked = checkedLabels(parseIdx(labelBytes, [count], source, labels), classes, source, labels);
  return { bytes: parseIdx(imageBytes, [count, ...axes], source, images), labels: checked };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array | Int32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function digestOf(...parts: readonly Uint8Array[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}

function fault(id: string, reason: string): PrunebenchError {
  return new PrunebenchError(`Data set "${id}": ${reason}.`, { remedy: OWN });
}

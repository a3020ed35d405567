import { type Dataset, randomStream, type Split } from '@prunebench/core';

/** A split of examples written out. */
export function splitOf(examples: readonly (readonly number[])[], labels: readonly number[]): Split {
  return {
    size: examples.length,
    labels: Int32Array.from(labels),
    fill(indices, out) {
      let position = 0;
      for (let i = 0; i < indices.length; i++) for (const value of examples[indices[i]]) out[position++] = value;
    },
  };
}

export interface ToyOptions {
  readonly inputShape: readonly number[];
  readonly classes: number;
  /** Examples of each split; default 60. */
  readonly sizes?: Partial<Record<'train' | 'validation' | 'calibration' | 'test', number>>;
  /** Distance of the class means from 0, in standard deviations; default 6: separable. */
  readonly distance?: number;
}

/** Gaussian clouds, class c around +distance on every feature f with f mod classes = c. */
export function toyDataset({ inputShape, classes, sizes = {}, distance = 6 }: ToyOptions): Dataset {
  const features = inputShape.reduce((product, size) => product * size, 1);
  const cloud = (name: string, size = 60): Split => {
    const stream = randomStream(7, name);
    const labels = Array.from({ length: size }, (_, i) => i % classes);
    const examples = labels.map((label) =>
      Array.from({ length: features }, (_, f) => stream.normal(f % classes === label ? distance : 0) / distance),
    );
    return splitOf(examples, labels);
  };
  return {
    id: 'toy',
    inputShape,
    classes,
    splits: {
      train: cloud('train', sizes.train),
      validation: cloud('validation', sizes.validation),
      calibration: cloud('calibration', sizes.calibration),
      test: cloud('test', sizes.test),
    },
    checksum: 'toy',
  };
}

/** All examples of a split, and their labels. */
export function contentOf(split: Split, features: number): { x: number[][]; y: number[] } {
  const flat = new Float32Array(split.size * features);
  split.fill(
    Array.from({ length: split.size }, (_, i) => i),
    flat,
  );
  const x = Array.from({ length: split.size }, (_, i) => [...flat.subarray(i * features, (i + 1) * features)]);
  return { x, y: [...split.labels] };
}

import type { Citation, DataShape, KernelInitializer, Layer, Network } from '@prunebench/core';

/** An architecture by name. */
export interface ModelEntry {
  /** What users type: lower case, words joined by hyphens. A suffix "-w0.5" scales the widths. */
  readonly id: string;
  readonly title: string;
  readonly citation: Citation;
  /** The dataset it is usually trained on. */
  readonly defaultDataset: string;
  /** How its papers draw the first weights. */
  readonly initializer: KernelInitializer;
  /** What it is trained with; decides whether its output is logits (cross-entropy) or values compared with 0 and 1. */
  readonly loss: NonNullable<Network['loss']>;
  /** Sizes on the default dataset: kernels alone, and everything that is trained (biases, batch-norm scales and shifts too). */
  readonly size: { readonly weights: number; readonly trainable: number };
  /**
   * The layers for this data; `width` rounds a hidden layer's full width to a scaled one (outputs keep theirs).
   */
  layers(shape: DataShape, width: (full: number) => number): readonly Layer[];
}

import type { Network } from '../graph/layer.ts';
import type { ParameterRecord } from '../parameters.ts';
import type { Benchmark } from './benchmark.ts';
import type { Criterion } from './criterion.ts';
import type { Dataset } from './dataset.ts';
import type { ExtensionEntry } from './extension.ts';
import type { Method, StepKind } from './method.ts';

/** What a network is built for. */
export interface DataShape {
  /** [features] or [height, width, channels], without the batch. */
  readonly inputShape: readonly number[];
  readonly classes: number;
}

/** A data set by name. */
export interface DatasetEntry {
  /** What users type. */
  readonly id: string;
  readonly title: string;
  readonly shape: DataShape;
  /** That of the data set, where it is known before it is loaded. */
  readonly checksum?: string;
  load(): Promise<Dataset>;
}

/**
 * Kernel initialization: He et al. 2015 (normal, fan-in, gain 2), Glorot & Bengio 2010 (normal, both fans), or uniform between
 * ±1/√fan-in, which is what PyTorch does where a paper's code asks for nothing.
 */
export const kernelInitializers = ['he-normal', 'glorot-normal', 'fan-in-uniform'] as const;
export type KernelInitializer = (typeof kernelInitializers)[number];

/** Parameters of a network that was trained elsewhere. They take the place of the first weights that would be drawn. */
export interface PretrainedParameters {
  /** Digest of the parameters: with other ones every trial is computed again. */
  readonly checksum: string;
  /**
   * All parameters of `network`, by name.
   *
   * @throws PrunebenchError where they do not fit it
   */
  load(network: Network): Promise<ParameterRecord>;
}

/** A network by name. */
export interface NetworkEntry {
  /** What users type. */
  readonly id: string;
  readonly title: string;
  /** How its kernels are drawn. */
  readonly initializer: KernelInitializer;
  build(shape: DataShape): Network;
  /** Absent: its trials begin with weights that are drawn, as `initializer` says. */
  readonly pretrained?: PretrainedParameters;
}

/**
 * Entries that can be named on the command line or in a benchmark. Every family of the suite is one, as is what a module
 * named with `--plugin` exports as its default; the registry is their merge, in which every name stands once.
 */
export interface Plugin {
  /** Each is a method too (`fromCriterion`). */
  readonly criteria?: readonly Criterion[];
  /** Methods that are more than a criterion with a schedule. */
  readonly methods?: readonly Method[];
  readonly steps?: readonly StepKind[];
  /** What a train step may list to reach into training. */
  readonly extensions?: readonly ExtensionEntry[];
  readonly datasets?: readonly DatasetEntry[];
  readonly networks?: readonly NetworkEntry[];
  readonly benchmarks?: readonly Benchmark[];
}

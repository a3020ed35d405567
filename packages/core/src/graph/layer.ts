/**
 * A layer is plain data: what it computes follows from these fields alone, so the forward pass, the cost
 * accounting, second-derivative recursions, surgery, sparse compilation and export can all walk the same graph.
 * Activations are NHWC; dense kernels are [in, out]; convolution kernels are [height, width, in / groups, out].
 */
export type Layer =
  | Conv2d
  | Dense
  | BatchNorm
  | Activation
  | Pool
  | GlobalAveragePool
  | Flatten
  | Add
  | SubsamplePad
  | Dropout;

interface Base {
  /** Unique in its network; the first part of its parameters' names ("conv1" -> "conv1/kernel"). */
  readonly name: string;
  /** Names of the layers it reads; `INPUT` is the network's input. */
  readonly inputs: readonly string[];
}

/** The name by which layers refer to the network's input. */
export const INPUT = 'input';

export type Padding = 'same' | 'valid';

export interface Conv2d extends Base {
  readonly kind: 'conv2d';
  readonly filters: number;
  readonly kernelSize: readonly [height: number, width: number];
  readonly strides: readonly [height: number, width: number];
  readonly dilation: readonly [height: number, width: number];
  readonly padding: Padding;
  /** Input channels are cut in this many groups, each seen by filters / groups filters. */
  readonly groups: number;
  readonly useBias: boolean;
}

export interface Dense extends Base {
  readonly kind: 'dense';
  readonly units: number;
  readonly useBias: boolean;
}

export interface BatchNorm extends Base {
  readonly kind: 'batchNorm';
  readonly epsilon: number;
  /** Share of the old running statistic kept at each training step. */
  readonly momentum: number;
}

export interface Activation extends Base {
  readonly kind: 'activation';
  readonly activation: 'relu' | 'tanh' | 'sigmoid';
}

export interface Pool extends Base {
  readonly kind: 'maxPool' | 'avgPool';
  readonly size: readonly [height: number, width: number];
  readonly strides: readonly [height: number, width: number];
  readonly padding: Padding;
}

/** [N, H, W, C] -> [N, C]. */
export interface GlobalAveragePool extends Base {
  readonly kind: 'globalAveragePool';
}

/** [N, H, W, C] -> [N, H * W * C]; channel c owns the features f with f mod C = c. */
export interface Flatten extends Base {
  readonly kind: 'flatten';
}

export interface Add extends Base {
  readonly kind: 'add';
}

/**
 * The parameter-free shortcut of the CIFAR ResNets (He et al. 2016, option A):
 * every `stride`-th pixel, channels padded with zeros on both sides up to `channels`.
 */
export interface SubsamplePad extends Base {
  readonly kind: 'subsamplePad';
  readonly stride: number;
  readonly channels: number;
  /** Zero channels before those of the input; absent: half of what is missing, rounded down. */
  readonly before?: number;
}

/** Inverted dropout: active in training only. */
export interface Dropout extends Base {
  readonly kind: 'dropout';
  readonly rate: number;
}

/** A directed acyclic graph of named layers, in an order in which every layer follows its inputs. */
export interface Network {
  readonly name: string;
  /** Shape of one example, without the batch: [features] or [height, width, channels]. */
  readonly inputShape: readonly number[];
  readonly layers: readonly Layer[];
  /**
   * What training minimises. `cross-entropy` (the default): softmax cross-entropy of the output as logits.
   * `squared-error`: half the squared distance between the output and the target, averaged over examples; the target is
   * the 0/1 label for a single output unit (predicted class: output > 1/2), else the one-hot class.
   */
  readonly loss?: 'cross-entropy' | 'squared-error';
}

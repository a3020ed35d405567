import type { Layer } from '@prunebench/core';
import type { Scalar, Tensor } from '@tensorflow/tfjs-core';

/** Parameters as tensors, by name. */
export type ParameterTensors = Readonly<Record<string, Tensor>>;

/** Where training stands when a hook is called. */
export interface TrainingState {
  readonly step: number;
  readonly epoch: number;
  readonly totalSteps: number;
  readonly learningRate: number;
  readonly parameters: ParameterTensors;
  /** Replaces a parameter's value; masks are applied again afterwards. */
  assign(name: string, value: Tensor): void;
}

/**
 * How a method reaches into training. Several compose in order, each seeing what the one before returned.
 *
 * Every hook but `afterEpoch` asks for dense steps, in which what lies under a mask has its gradient too (regrowth reads it),
 * and pays for them: `sparse: 'auto'` has no effect then.
 */
export interface Extension {
  /** A parameter as the forward pass shall see it: masks, straight-through scores, stochastic weights. */
  weight?(name: string, value: Tensor): Tensor;
  /** Replaces a layer's computation; `next` is the layer as it would run otherwise. */
  layer?(layer: Layer, inputs: readonly Tensor[], next: () => Tensor): Tensor;
  /** A layer's output: unit gates, taps on activations, added noise. */
  output?(layer: Layer, y: Tensor): Tensor;
  /** An extra term of the loss. */
  penalty?(parameters: ParameterTensors): Scalar;
  /** Extra trainable tensors by name (gates, log alpha, scores); they are optimized with the parameters. */
  readonly variables?: ParameterTensors;
  /** The gradients before the optimizer sees them. */
  gradients?(gradients: ParameterTensors): ParameterTensors;
  afterStep?(state: TrainingState): void;
  afterEpoch?(state: TrainingState): Promise<void> | void;
}

import type { RandomStream } from '@prunebench/core';
import type * as tf from '@tensorflow/tfjs-core';

/** One example's outputs. */
export type Outputs = ArrayLike<number>;

/**
 * A loss: what training minimises, and all that criteria and evaluation need of it. Derivatives are with respect to the outputs o, of one
 * example, in double precision.
 */
export interface Loss {
  /** The mean over a batch, differentiable in the outputs [N, units]; labels are class indices [N] (int32). */
  mean(outputs: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar;
  /** ∂loss/∂o of every example, [N, units], as a tensor; differentiable in the outputs. */
  slopes(outputs: tf.Tensor, labels: tf.Tensor1D): tf.Tensor;
  /** The loss of one example. */
  value(o: Outputs, label: number): number;
  gradient(o: Outputs, label: number): number[];
  /** The diagonal of the second derivative. */
  curvature(o: Outputs): number[];
  /** s_c, the c-th of the vectors with Σ_c s_c s_cᵀ = ∂²loss/∂o² exactly, one for each output unit. */
  curvatureFactor(o: Outputs, c: number): number[];
  /** A random vector s with E[s sᵀ] = ∂²loss/∂o². */
  sampledFactor(o: Outputs, random: RandomStream): number[];
  /** @throws PrunebenchError for a label that no output unit stands for */
  refuseLabel(label: number, units: number): void;
}

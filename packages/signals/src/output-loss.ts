import type { Network, RandomStream } from '@prunebench/core';
import { lossOf } from '@prunebench/network';

/** Outputs of a batch, [size, units] row-major, and the class index of every example. */
export interface LabelledOutputs {
  readonly outputs: Float32Array;
  readonly labels: Int32Array;
  readonly units: number;
}

/** The network's loss over a batch; derivatives are with respect to the outputs, per example (not averaged), as [size, units]. */
export interface OutputLoss {
  /** The loss of every example. */
  values(batch: LabelledOutputs): Float64Array;
  gradient(batch: LabelledOutputs): Float32Array;
  /** The diagonal of the second derivative. */
  curvature(batch: LabelledOutputs): Float32Array;
  /**
   * Vectors s_c, one array per c, with Σ_c s_c s_cᵀ = ∂²loss/∂o² exactly; back-propagated they are the rows of the Gauss-Newton matrix.
   */
  curvatureFactors(batch: LabelledOutputs): Float32Array[];
  /** One random vector s per example with E[s sᵀ] = ∂²loss/∂o². */
  sampledFactor(batch: LabelledOutputs, random: RandomStream): Float32Array;
}

/**
 * What is differentiated with respect to the weights, per example:
 * `labels`: the loss (rows of the empirical Fisher);
 * `all`: every factor of the loss's output curvature (rows of the exact Gauss-Newton matrix, one per output unit);
 * `sampled`: one random factor (rows whose expected outer product is the Gauss-Newton matrix).
 */
export type GradientKind = 'labels' | 'all' | 'sampled';

/** The vectors, [size, units] each, that are back-propagated for gradients of this kind. */
export function outputFactors(
  loss: OutputLoss,
  kind: GradientKind,
  batch: LabelledOutputs,
  random: RandomStream,
): Float32Array[] {
  if (kind === 'all') return loss.curvatureFactors(batch);
  return [kind === 'labels' ? loss.gradient(batch) : loss.sampledFactor(batch, random)];
}

/** The loss that `network.loss` names, over batches. */
export function outputLoss(network: Network): OutputLoss {
  const loss = lossOf(network);
  return {
    values: (batch) =>
      Float64Array.from(batch.labels, (label, i) => {
        loss.refuseLabel(label, batch.units);
        return loss.value(outputsOf(batch, i), label);
      }),
    gradient: (batch) =>
      perOutput(batch, (o, label) => {
        loss.refuseLabel(label, batch.units);
        return loss.gradient(o, label);
      }),
    curvature: (batch) => perOutput(batch, (o) => loss.curvature(o)),
    curvatureFactors: (batch) =>
      Array.from({ length: batch.units }, (_, c) => perOutput(batch, (o) => loss.curvatureFactor(o, c))),
    sampledFactor: (batch, random) => perOutput(batch, (o) => loss.sampledFactor(o, random)),
  };
}

function outputsOf({ outputs, units }: LabelledOutputs, i: number): Float32Array {
  return outputs.subarray(i * units, (i + 1) * units);
}

function perOutput(batch: LabelledOutputs, row: (o: Float32Array, label: number) => number[]): Float32Array {
  const result = new Float32Array(batch.outputs.length);
  for (let i = 0; i < batch.labels.length; i++) result.set(row(outputsOf(batch, i), batch.labels[i]), i * batch.units);
  return result;
}

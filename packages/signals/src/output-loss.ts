import { type Network, PrunebenchError, type RandomStream } from '@prunebench/core';

/** Outputs of a batch, [size, units] row-major, and the class index of every example. */
export interface LabelledOutputs {
  readonly outputs: Float32Array;
  readonly labels: Int32Array;
  readonly units: number;
}

/**
 * A loss of one example as a function of the network's output o, with all that curvature needs of it. Derivatives are
 * with respect to the output, per example (not averaged), and come as [size, units].
 */
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

/** The loss that `network.loss` names. */
export function outputLoss(network: Network): OutputLoss {
  return network.loss === 'squared-error' ? halfSquaredError : softmaxCrossEntropy;
}

/** loss = -log p_y with p = softmax(o): gradient p - e_y, second derivative diag(p) - p pᵀ. */
const softmaxCrossEntropy: OutputLoss = {
  values: (batch) =>
    perExample(batch, (o, label) => {
      checkLabel(label, o.length);
      const max = Math.max(...o);
      return Math.log(o.reduce((sum, value) => sum + Math.exp(value - max), 0)) + max - o[label];
    }),
  gradient: (batch) =>
    perOutput(batch, (o, label) => {
      checkLabel(label, o.length);
      return softmax(o).map((p, c) => p - (c === label ? 1 : 0));
    }),
  curvature: (batch) => perOutput(batch, (o) => softmax(o).map((p) => p * (1 - p))),
  // Σ_c p_c (p - e_c)(p - e_c)ᵀ = diag(p) - p pᵀ.
  curvatureFactors: (batch) =>
    Array.from({ length: batch.units }, (_, c) =>
      perOutput(batch, (o) => {
        const p = softmax(o);
        return p.map((value, k) => Math.sqrt(p[c]) * (value - (k === c ? 1 : 0)));
      }),
    ),
  sampledFactor: (batch, random) =>
    perOutput(batch, (o) => {
      const p = softmax(o);
      const label = draw(p, random.uniform());
      return p.map((value, c) => value - (c === label ? 1 : 0));
    }),
};

/** loss = ½ Σ (o - t)²: gradient o - t, second derivative the identity. */
const halfSquaredError: OutputLoss = {
  values: (batch) =>
    perExample(batch, (o, label) => o.reduce((sum, value, c) => sum + (value - target(o, label, c)) ** 2 / 2, 0)),
  gradient: (batch) => perOutput(batch, (o, label) => o.map((value, c) => value - target(o, label, c))),
  curvature: (batch) => perOutput(batch, (o) => o.map(() => 1)),
  curvatureFactors: (batch) =>
    Array.from({ length: batch.units }, (_, c) => perOutput(batch, (o) => o.map((_, k) => (k === c ? 1 : 0)))),
  sampledFactor: (batch, random) => perOutput(batch, (o) => o.map(() => (random.uniform() < 0.5 ? -1 : 1))),
};

/** The 0/1 label itself for a single output unit, else the one-hot class. */
function target(o: readonly number[], label: number, c: number): number {
  if (o.length === 1) return label;
  return c === label ? 1 : 0;
}

function softmax(o: readonly number[]): number[] {
  const max = Math.max(...o);
  const exponentials = o.map((value) => Math.exp(value - max));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

function draw(p: readonly number[], uniform: number): number {
  let rest = uniform;
  for (let c = 0; c < p.length - 1; c++) {
    rest -= p[c];
    if (rest < 0) return c;
  }
  return p.length - 1;
}

function checkLabel(label: number, classes: number): void {
  if (label >= 0 && label < classes) return;
  throw new PrunebenchError(`Class ${label} has no output unit: the network has ${classes}.`, {
    remedy: 'Build the network with as many output units as the dataset has classes.',
  });
}

function perExample(
  { outputs, labels, units }: LabelledOutputs,
  value: (o: number[], label: number) => number,
): Float64Array {
  return Float64Array.from(labels, (label, i) =>
    value(Array.from(outputs.subarray(i * units, (i + 1) * units)), label),
  );
}

function perOutput(
  { outputs, labels, units }: LabelledOutputs,
  row: (o: number[], label: number) => number[],
): Float32Array {
  const result = new Float32Array(outputs.length);
  for (let i = 0; i < labels.length; i++)
    result.set(row(Array.from(outputs.subarray(i * units, (i + 1) * units)), labels[i]), i * units);
  return result;
}

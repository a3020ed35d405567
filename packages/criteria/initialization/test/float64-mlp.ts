import type { Batch, ParameterRecord } from '@prunebench/core';

/**
 * A dense network in plain loops and double precision: the independent reference of the tests here. Kernels fc1, fc2, ...
 * as nested arrays [layer][in][out]; no biases.
 */
export interface Mlp {
  readonly sizes: readonly number[];
  readonly kernels: readonly (readonly Float64Array[])[];
  readonly activation: 'relu' | 'tanh' | 'sigmoid';
}

export function mlpOf(sizes: readonly number[], parameters: ParameterRecord, activation: Mlp['activation']): Mlp {
  const kernels = sizes.slice(1).map((units, l) => {
    const { values } = parameters[`fc${l + 1}/kernel`];
    return Array.from({ length: sizes[l] }, (_, i) => Float64Array.from(values.subarray(i * units, (i + 1) * units)));
  });
  return { sizes, kernels, activation };
}

/** The network with `delta` added to one weight. */
export function nudged(mlp: Mlp, layer: number, i: number, j: number, delta: number): Mlp {
  const kernels = mlp.kernels.map((kernel, l) =>
    kernel.map((row, r) => (l === layer && r === i ? row.map((w, c) => (c === j ? w + delta : w)) : row)),
  );
  return { ...mlp, kernels };
}

const functions = {
  relu: { f: (a: number) => Math.max(0, a), slope: (_z: number, a: number) => (a > 0 ? 1 : 0) },
  tanh: { f: Math.tanh, slope: (z: number) => 1 - z * z },
  sigmoid: { f: (a: number) => 1 / (1 + Math.exp(-a)), slope: (z: number) => z * (1 - z) },
};

/** Mean softmax cross-entropy of logits / temperature, and its gradient [layer][in][out]. */
export function lossAndGradient(
  mlp: Mlp,
  { x, y, size }: Batch,
  temperature = 1,
): { loss: number; gradient: Float64Array[][] } {
  const { sizes, kernels, activation } = mlp;
  const { f, slope } = functions[activation];
  const gradient = kernels.map((kernel) => kernel.map((row) => new Float64Array(row.length)));
  let loss = 0;
  for (let n = 0; n < size; n++) {
    const z: Float64Array[] = [Float64Array.from(x.subarray(n * sizes[0], (n + 1) * sizes[0]))];
    const a: Float64Array[] = [];
    kernels.forEach((kernel, l) => {
      a[l] = new Float64Array(sizes[l + 1]);
      kernel.forEach((row, i) => {
        for (let j = 0; j < row.length; j++) a[l][j] += z[l][i] * row[j];
      });
      z[l + 1] = l === kernels.length - 1 ? a[l] : a[l].map(f);
    });
    const exponentials = z[kernels.length].map((logit) => Math.exp(logit / temperature));
    const total = exponentials.reduce((s, e) => s + e, 0);
    loss -= Math.log(exponentials[y[n]] / total) / size;
    let delta = exponentials.map((e, k) => (e / total - (k === y[n] ? 1 : 0)) / (temperature * size));
    for (let l = kernels.length - 1; l >= 0; l--) {
      const back = new Float64Array(sizes[l]);
      kernels[l].forEach((row, i) => {
        for (let j = 0; j < row.length; j++) {
          gradient[l][i][j] += z[l][i] * delta[j];
          back[i] += row[j] * delta[j];
        }
      });
      if (l > 0) delta = back.map((b, i) => b * slope(z[l][i], a[l - 1][i]));
    }
  }
  return { loss, gradient };
}

export function squaredNorm(gradient: readonly (readonly Float64Array[])[]): number {
  let sum = 0;
  for (const kernel of gradient) for (const row of kernel) for (const g of row) sum += g * g;
  return sum;
}

import { type Batch, type Network, prunableSpecs } from '@prunebench/core';
import { differences, examples, referenceOutput, type Values } from './reference-network.ts';

/** A parameter entry. */
export interface Entry {
  readonly name: string;
  readonly index: number;
}

/** All entries of the prunable kernels, in layer order. */
export function kernelEntries(network: Network): Entry[] {
  return prunableSpecs(network).flatMap(({ name, shape }) =>
    Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, index) => ({ name, index })),
  );
}

/** J[k][c][q] = ∂o_c(x_k) / ∂w_q by central differences. */
export function jacobians(network: Network, values: Values, batch: Batch, entries: readonly Entry[]): number[][][] {
  return examples(network, batch).map(({ x }) => {
    const columns = entries.map(
      ({ name, index }) => differences(values, name, index, () => referenceOutput(network, values, x), 1e-5).first,
    );
    return columns[0].map((_, c) => columns.map((column) => column[c]));
  });
}

/** (1/P) Σ_k J_kᵀ Λ_k J_k with Λ the identity (half squared error) or diag p - p pᵀ (softmax cross-entropy). */
export function gaussNewton(network: Network, values: Values, batch: Batch, entries: readonly Entry[]): number[][] {
  const all = jacobians(network, values, batch, entries);
  const result = entries.map(() => entries.map(() => 0));
  for (const [k, { x }] of examples(network, batch).entries()) {
    const curvature = outputCurvature(network, referenceOutput(network, values, x));
    for (const [a, rowA] of all[k].entries())
      for (const [b, rowB] of all[k].entries()) {
        if (curvature[a][b] === 0) continue;
        for (let i = 0; i < entries.length; i++)
          for (let j = 0; j < entries.length; j++) result[i][j] += (rowA[i] * curvature[a][b] * rowB[j]) / batch.size;
      }
  }
  return result;
}

function outputCurvature(network: Network, output: readonly number[]): number[][] {
  if (network.loss === 'squared-error') return output.map((_, i) => output.map((_, j) => (i === j ? 1 : 0)));
  const exponentials = output.map(Math.exp);
  const sum = exponentials.reduce((total, value) => total + value, 0);
  const p = exponentials.map((value) => value / sum);
  return p.map((pi, i) => p.map((pj, j) => (i === j ? pi : 0) - pi * pj));
}

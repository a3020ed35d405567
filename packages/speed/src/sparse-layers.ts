import { defineNetwork, INPUT, type Network } from '@prunebench/core';
import * as layers from '@prunebench/core/layers';
import type { SparseRow } from './sparse-rows.ts';

/** A network of one convolution. */
function convolution(size: number, channels: number, filters: number): Network {
  return defineNetwork({
    name: `conv 3x3 ${channels}-${filters} at ${size}x${size}`,
    inputShape: [size, size, channels],
    layers: [layers.conv2d('conv', filters, 3)(INPUT)],
  });
}

function dense(inputs: number, units: number): Network {
  return defineNetwork({
    name: `dense ${inputs}-${units}`,
    inputShape: [inputs],
    layers: [layers.dense('dense', units)(INPUT)],
  });
}

/** The layer shapes of the networks here. Copying a batch in and out, and turning it into tiles, counts. */
export const layerNetworks: readonly Network[] = [
  dense(784, 300),
  dense(1024, 1024),
  convolution(32, 16, 16),
  convolution(16, 32, 32),
  convolution(8, 64, 64),
  convolution(32, 64, 64),
  convolution(16, 128, 128),
  convolution(8, 256, 256),
  convolution(4, 512, 512),
  convolution(2, 512, 512),
];

export const layerSparsities = [0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98] as const;

export interface Crossover {
  readonly layer: string;
  readonly threads: number;
  readonly batchSize: number;
  /** From this sparsity on compressed rows are faster than dense; null where they never are. */
  readonly sparsity: number | null;
}

/**
 * Where compressed rows overtake dense: the sparsity from which on their speed-up stays above 1, between two measured ones found by
 * a straight line through the logarithms of the speed-ups.
 */
export function crossovers(rows: readonly SparseRow[]): readonly Crossover[] {
  const groups = new Map<string, SparseRow[]>();
  for (const row of rows) {
    if (row.what !== 'layer' || row.overDense === null) continue;
    const key = [row.name, row.threads, row.batchSize].join();
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  return [...groups.values()].map((group) => {
    const sorted = group.toSorted((a, b) => a.sparsity - b.sparsity);
    const { name: layer, threads, batchSize } = sorted[0];
    return { layer, threads, batchSize, sparsity: crossingOf(sorted.map((row) => [row.sparsity, row.overDense!])) };
  });
}

/** Where the speed-up passes 1 for the last time, from points of rising sparsity. */
export function crossingOf(points: readonly (readonly [sparsity: number, speedup: number])[]): number | null {
  const last = points.findLastIndex(([, speedup]) => speedup < 1);
  if (last === points.length - 1) return null;
  const [sparsity, speedup] = points[last + 1];
  if (last < 0) return sparsity;
  const [before, slower] = points[last];
  const share = -Math.log(slower) / (Math.log(speedup) - Math.log(slower));
  return before + share * (sparsity - before);
}

import { type Activation, INPUT, type Layer, type Padding } from '@prunebench/core';

/** A layer that still waits for the name of what it reads. */
export type LayerAfter = (input: string) => Layer;

/** A square convolution, `same` padded with stride 1 unless said otherwise. */
export function conv2d(
  name: string,
  filters: number,
  size: number,
  options: { stride?: number; padding?: Padding; useBias?: boolean } = {},
): LayerAfter {
  const { stride = 1, padding = 'same', useBias = true } = options;
  return (input) => ({
    kind: 'conv2d',
    name,
    inputs: [input],
    filters,
    kernelSize: [size, size],
    strides: [stride, stride],
    dilation: [1, 1],
    padding,
    groups: 1,
    useBias,
  });
}

export function dense(name: string, units: number, options: { useBias?: boolean } = {}): LayerAfter {
  const { useBias = true } = options;
  return (input) => ({ kind: 'dense', name, inputs: [input], units, useBias });
}

/** Batch norm with PyTorch's defaults (its `momentum` 0.1 is the share of the new statistic, ours 0.9 that of the old). */
export function batchNorm(name: string): LayerAfter {
  return (input) => ({ kind: 'batchNorm', name, inputs: [input], epsilon: 1e-5, momentum: 0.9 });
}

export function activation(name: string, kind: Activation['activation']): LayerAfter {
  return (input) => ({ kind: 'activation', name, inputs: [input], activation: kind });
}

export function relu(name: string): LayerAfter {
  return activation(name, 'relu');
}

/** Disjoint 2x2 windows; an odd last row or column is dropped. */
export function maxPool2x2(name: string): LayerAfter {
  return (input) => ({ kind: 'maxPool', name, inputs: [input], size: [2, 2], strides: [2, 2], padding: 'valid' });
}

export function globalAveragePool(name: string): LayerAfter {
  return (input) => ({ kind: 'globalAveragePool', name, inputs: [input] });
}

export function flatten(name: string): LayerAfter {
  return (input) => ({ kind: 'flatten', name, inputs: [input] });
}

/** Lets each layer read the one before it; the first reads `input`. */
export function sequential(layers: readonly LayerAfter[], input: string = INPUT): readonly Layer[] {
  const chained: Layer[] = [];
  for (const layer of layers) chained.push(layer(chained.at(-1)?.name ?? input));
  return chained;
}

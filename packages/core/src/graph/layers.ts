/** Constructors of layers, so that no one but this file writes a layer's fields out. */
import { type Activation, type BatchNorm, type Conv2d, type Dense, INPUT, type Layer, type Padding } from './layer.ts';

/** A layer that still waits for the name of what it reads. */
export type LayerAfter<Kind extends Layer = Layer> = (input: string) => Kind;

/** One number for both directions, or [height, width]. */
type Extent = number | readonly [height: number, width: number];

/** A convolution, `same` padded, with stride 1, in one group and with a bias unless said otherwise. */
export function conv2d(
  name: string,
  filters: number,
  size: Extent,
  options: { stride?: Extent; dilation?: Extent; padding?: Padding; groups?: number; useBias?: boolean } = {},
): LayerAfter<Conv2d> {
  const { stride = 1, dilation = 1, padding = 'same', groups = 1, useBias = true } = options;
  return (input) => ({
    kind: 'conv2d',
    name,
    inputs: [input],
    filters,
    kernelSize: both(size),
    strides: both(stride),
    dilation: both(dilation),
    padding,
    groups,
    useBias,
  });
}

function both(extent: Extent): readonly [number, number] {
  return typeof extent === 'number' ? [extent, extent] : extent;
}

export function dense(name: string, units: number, options: { useBias?: boolean } = {}): LayerAfter<Dense> {
  const { useBias = true } = options;
  return (input) => ({ kind: 'dense', name, inputs: [input], units, useBias });
}

/** Batch norm with PyTorch's defaults (its `momentum` 0.1 is the share of the new statistic, ours 0.9 that of the old). */
export function batchNorm(name: string, options: { epsilon?: number } = {}): LayerAfter<BatchNorm> {
  const { epsilon = 1e-5 } = options;
  return (input) => ({ kind: 'batchNorm', name, inputs: [input], epsilon, momentum: 0.9 });
}

export function activation(name: string, kind: Activation['activation']): LayerAfter<Activation> {
  return (input) => ({ kind: 'activation', name, inputs: [input], activation: kind });
}

export function relu(name: string): LayerAfter<Activation> {
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

/** The sum of two outputs of the same shape. */
export function add(name: string, one: string, other: string): Layer {
  return { kind: 'add', name, inputs: [one, other] };
}

/** Lets each layer read the one before it; the first reads `input`. */
export function sequential(layers: readonly LayerAfter[], input: string = INPUT): readonly Layer[] {
  const chained: Layer[] = [];
  for (const layer of layers) chained.push(layer(chained.at(-1)?.name ?? input));
  return chained;
}

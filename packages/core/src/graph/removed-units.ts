import { type Activation, INPUT, type Layer, type Network } from './layer.ts';
import { inferShapes, windowOutput } from './shape.ts';

/** What an activation makes of a number. */
export function activate(kind: Activation['activation'], x: number): number {
  if (kind === 'relu') return Math.max(0, x);
  return kind === 'tanh' ? Math.tanh(x) : 1 / (1 + Math.exp(-x));
}

const emptyValuesOf = new WeakMap<Network, ReadonlyMap<string, number>>();

/**
 * What a channel of each layer's output is once nothing feeds it: its kernel column, bias, gamma and beta are 0. That is 0, but 1/2
 * behind a sigmoid.
 */
function emptyValues(network: Network): ReadonlyMap<string, number> {
  const known = emptyValuesOf.get(network);
  if (known) return known;
  const values = new Map<string, number>([[INPUT, 0]]);
  for (const layer of network.layers) values.set(layer.name, emptied(layer, values));
  emptyValuesOf.set(network, values);
  return values;
}

function emptied(layer: Layer, values: ReadonlyMap<string, number>): number {
  const inputs = layer.inputs.map((name) => values.get(name)!);
  switch (layer.kind) {
    case 'conv2d':
    case 'dense':
    case 'batchNorm':
      return 0;
    case 'activation':
      return activate(layer.activation, inputs[0]);
    case 'add':
      return inputs[0] + inputs[1];
    default:
      return inputs[0];
  }
}

/**
 * Whether some window of the layer reaches over the border of its input, where a channel that is the same number everywhere else gives
 * 0: such a constant cannot go into the bias of what reads it.
 *
 * @param input the shape of what it reads
 */
export function readsPadding(layer: Layer, input: readonly number[]): boolean {
  if (layer.kind !== 'conv2d' || layer.padding === 'valid') return false;
  const { kernelSize, strides, dilation, padding } = layer;
  return ([0, 1] as const).some((axis) => {
    const outputs = windowOutput(input[axis], kernelSize[axis], strides[axis], dilation[axis], padding);
    return (outputs - 1) * strides[axis] + (kernelSize[axis] - 1) * dilation[axis] + 1 > input[axis];
  });
}

/** Layers that read a channel whose constant cannot go into their bias: over a zero-padded border it is 0. */
export function unfoldable(network: Network, layers: readonly Layer[]): readonly Layer[] {
  const values = emptyValues(network);
  const shapes = inferShapes(network);
  return layers.filter(
    (layer) => values.get(layer.inputs[0]) !== 0 && readsPadding(layer, shapes.get(layer.inputs[0])!),
  );
}

import { PrunebenchError } from '../errors.ts';
import { INPUT, type Layer, type Network, type Padding } from './layer.ts';

/** Output length of a window of `size` (dilated) over `input` pixels, as TensorFlow defines `same` and `valid`. */
export function windowOutput(input: number, size: number, stride: number, dilation: number, padding: Padding): number {
  if (padding === 'same') return Math.ceil(input / stride);
  return Math.floor((input - ((size - 1) * dilation + 1)) / stride) + 1;
}

/** Zeros before the image along one axis: of what TensorFlow's `same` windows need beyond the image, the smaller half. */
export function paddingBefore(input: number, size: number, stride: number, dilation: number, padding: Padding): number {
  if (padding === 'valid') return 0;
  const needed = (windowOutput(input, size, stride, dilation, padding) - 1) * stride + (size - 1) * dilation + 1;
  return Math.floor(Math.max(0, needed - input) / 2);
}

/**
 * The shape of every layer's output for one example, without the batch, by layer name (`INPUT` included).
 *
 * @throws PrunebenchError where a layer does not fit its input
 */
export function inferShapes(network: Network): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([[INPUT, network.inputShape]]);
  for (const layer of network.layers) {
    const inputs = layer.inputs.map((name) => shapes.get(name)!);
    const shape = layerShape(layer, inputs);
    if (typeof shape === 'string' || shape.some((size) => !(size >= 1))) {
      const why = typeof shape === 'string' ? shape : `its output would be [${shape}]`;
      const got = inputs.map((input) => `[${input}]`).join(' and ');
      throw new PrunebenchError(
        `Network ${network.name}, layer ${layer.name}: cannot take an input of shape ${got}: ${why}.`,
      );
    }
    shapes.set(layer.name, shape);
  }
  return shapes;
}

/** One layer's output shape, or why there is none. */
function layerShape(layer: Layer, inputs: readonly (readonly number[])[]): readonly number[] | string {
  const [input] = inputs;
  const image = input.length === 3;
  switch (layer.kind) {
    case 'conv2d': {
      if (!image) return 'a convolution needs [height, width, channels]';
      if (input[2] % layer.groups !== 0 || layer.filters % layer.groups !== 0)
        return `${layer.groups} groups divide neither or only one of ${input[2]} channels and ${layer.filters} filters`;
      const window = (axis: 0 | 1) =>
        windowOutput(input[axis], layer.kernelSize[axis], layer.strides[axis], layer.dilation[axis], layer.padding);
      return [window(0), window(1), layer.filters];
    }
    case 'maxPool':
    case 'avgPool': {
      if (!image) return 'pooling needs [height, width, channels]';
      const window = (axis: 0 | 1) =>
        windowOutput(input[axis], layer.size[axis], layer.strides[axis], 1, layer.padding);
      return [window(0), window(1), input[2]];
    }
    case 'dense':
      return input.length === 1 ? [layer.units] : 'a dense layer needs [features]; flatten first';
    case 'flatten':
      return [input.reduce((product, size) => product * size, 1)];
    case 'globalAveragePool':
      return image ? [input[2]] : 'it needs [height, width, channels]';
    case 'subsamplePad':
      if (!image) return 'it needs [height, width, channels]';
      if (layer.channels < input[2]) return `it cannot pad ${input[2]} channels down to ${layer.channels}`;
      if (layer.before !== undefined && !(layer.before >= 0 && layer.before <= layer.channels - input[2]))
        return `${layer.before} zeros before ${input[2]} channels do not fit into ${layer.channels}`;
      return [Math.ceil(input[0] / layer.stride), Math.ceil(input[1] / layer.stride), layer.channels];
    case 'add':
      return String(inputs[0]) === String(inputs[1]) ? input : 'the two shapes differ';
    case 'batchNorm':
    case 'activation':
    case 'dropout':
      return input;
  }
}

import { type Batch, INPUT, inferShapes, type Layer, type Network, type ParameterRecord } from '@prunebench/core';

// A second, slow implementation of the network in float64 with plain loops and no tensors: finite differences of it are the
// oracle for everything that the criteria get by back-propagation.

/** Parameter values by name, in float64. */
export type Values = Record<string, Float64Array>;

export function float64(parameters: ParameterRecord): Values {
  return Object.fromEntries(Object.entries(parameters).map(([name, { values }]) => [name, Float64Array.from(values)]));
}

/** The output of one example. */
export function referenceOutput(network: Network, values: Values, x: ArrayLike<number>): number[] {
  const shapes = inferShapes(network);
  const results = new Map<string, number[]>([[INPUT, Array.from(x)]]);
  for (const layer of network.layers) {
    const inputs = layer.inputs.map((name) => results.get(name)!);
    results.set(layer.name, compute(layer, inputs, shapes.get(layer.inputs[0])!, shapes.get(layer.name)!, values));
  }
  return results.get(network.layers.at(-1)!.name)!;
}

/** The input of the named layer for one example. */
export function referenceInput(network: Network, values: Values, x: ArrayLike<number>, name: string): number[] {
  const end = network.layers.findIndex((layer) => layer.name === name);
  if (network.layers[end].inputs[0] === INPUT) return Array.from(x);
  return referenceOutput({ ...network, layers: network.layers.slice(0, end) }, values, x);
}

export function referenceLoss(network: Network, output: readonly number[], label: number): number {
  if (network.loss === 'squared-error')
    return output.reduce((sum, o, c) => sum + (o - (output.length === 1 ? label : c === label ? 1 : 0)) ** 2 / 2, 0);
  const max = Math.max(...output);
  return Math.log(output.reduce((sum, o) => sum + Math.exp(o - max), 0)) + max - output[label];
}

/** The loss of every example of a batch. */
export function exampleLosses(network: Network, values: Values, batch: Batch): number[] {
  return examples(network, batch).map(({ x, label }) =>
    referenceLoss(network, referenceOutput(network, values, x), label),
  );
}

export function examples(network: Network, { x, y, size }: Batch): { x: Float32Array; label: number }[] {
  const width = network.inputShape.reduce((product, length) => product * length, 1);
  return Array.from({ length: size }, (_, k) => ({ x: x.subarray(k * width, (k + 1) * width), label: y[k] }));
}

/** First and second central differences of `f` with respect to one value. */
export function differences(
  values: Values,
  name: string,
  index: number,
  f: () => number[],
  step = 1e-4,
): { first: number[]; second: number[] } {
  const original = values[name][index];
  const at = (shift: number) => {
    values[name][index] = original + shift;
    const result = f();
    values[name][index] = original;
    return result;
  };
  const [below, middle, above] = [at(-step), at(0), at(step)];
  return {
    first: above.map((value, i) => (value - below[i]) / (2 * step)),
    second: above.map((value, i) => (value - 2 * middle[i] + below[i]) / step ** 2),
  };
}

function compute(
  layer: Layer,
  [x, y]: readonly number[][],
  inputShape: readonly number[],
  outputShape: readonly number[],
  values: Values,
): number[] {
  switch (layer.kind) {
    case 'dense': {
      const kernel = values[`${layer.name}/kernel`];
      const bias = values[`${layer.name}/bias`];
      return Array.from({ length: layer.units }, (_, u) =>
        x.reduce((sum, value, p) => sum + value * kernel[p * layer.units + u], bias?.[u] ?? 0),
      );
    }
    case 'conv2d':
      return windows(layer, inputShape, outputShape, (taps, c) => {
        const share = layer.filters / layer.groups;
        const channels = inputShape[2] / layer.groups;
        const group = Math.floor(c / share);
        let sum = values[`${layer.name}/bias`]?.[c] ?? 0;
        for (const { tap, pixel } of taps)
          for (let i = 0; i < channels; i++)
            sum +=
              x[pixel * inputShape[2] + group * channels + i] *
              values[`${layer.name}/kernel`][(tap * channels + i) * layer.filters + c];
        return sum;
      });
    case 'maxPool':
      return windows(poolWindow(layer), inputShape, outputShape, (taps, c) =>
        Math.max(...taps.map(({ pixel }) => x[pixel * inputShape[2] + c])),
      );
    case 'avgPool':
      return windows(
        poolWindow(layer),
        inputShape,
        outputShape,
        (taps, c) => taps.reduce((sum, { pixel }) => sum + x[pixel * inputShape[2] + c], 0) / taps.length,
      );
    case 'globalAveragePool': {
      const [height, width, channels] = inputShape;
      return Array.from(
        { length: channels },
        (_, c) => x.filter((_, i) => i % channels === c).reduce((sum, value) => sum + value, 0) / (height * width),
      );
    }
    case 'batchNorm': {
      const channels = inputShape[inputShape.length - 1];
      const of = (role: string, i: number) => values[`${layer.name}/${role}`][i % channels];
      return x.map(
        (value, i) =>
          ((value - of('movingMean', i)) / Math.sqrt(of('movingVariance', i) + layer.epsilon)) * of('gamma', i) +
          of('beta', i),
      );
    }
    case 'activation': {
      const functions = {
        relu: (a: number) => Math.max(0, a),
        tanh: Math.tanh,
        sigmoid: (a: number) => 1 / (1 + Math.exp(-a)),
      };
      return x.map(functions[layer.activation]);
    }
    case 'add':
      return x.map((value, i) => value + y[i]);
    case 'flatten':
    case 'dropout':
      return x;
    case 'subsamplePad':
      throw new Error('the reference network has no subsamplePad');
  }
}

interface Window {
  readonly kernelSize: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: 'same' | 'valid';
}

function poolWindow({
  size,
  strides,
  padding,
}: { size: readonly [number, number] } & Omit<Window, 'kernelSize'>): Window {
  return { kernelSize: size, strides, padding };
}

/** Calls `value` for every output pixel and channel with the window's pixels that lie inside the image. */
function windows(
  { kernelSize, strides, padding }: Window,
  [height, width]: readonly number[],
  [outHeight, outWidth, outChannels]: readonly number[],
  value: (taps: { tap: number; pixel: number }[], channel: number) => number,
): number[] {
  const before = (length: number, out: number, axis: 0 | 1) =>
    padding === 'valid' ? 0 : Math.floor(Math.max(0, (out - 1) * strides[axis] + kernelSize[axis] - length) / 2);
  const top = before(height, outHeight, 0);
  const left = before(width, outWidth, 1);
  const result = [];
  for (let oy = 0; oy < outHeight; oy++)
    for (let ox = 0; ox < outWidth; ox++)
      for (let c = 0; c < outChannels; c++) {
        const taps = [];
        for (let ky = 0; ky < kernelSize[0]; ky++)
          for (let kx = 0; kx < kernelSize[1]; kx++) {
            const py = oy * strides[0] + ky - top;
            const px = ox * strides[1] + kx - left;
            if (py >= 0 && py < height && px >= 0 && px < width)
              taps.push({ tap: ky * kernelSize[1] + kx, pixel: py * width + px });
          }
        result.push(value(taps, c));
      }
  return result;
}

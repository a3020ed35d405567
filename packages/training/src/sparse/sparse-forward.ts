import {
  type BatchNorm,
  type Conv2d,
  INPUT,
  inferShapes,
  type Network,
  outputLayer,
  paddingBefore,
} from '@prunebench/core';
import {
  computeLayer,
  type ForwardOptions,
  type FusedLayer,
  fuse,
  ofRank,
  type ParameterTensors,
} from '@prunebench/network';
import type * as tf from '@tensorflow/tfjs-core';
import {
  type ConvShape,
  type Moments,
  type NormBehind,
  sparseConv,
  sparseMatMul,
  tileGlobalAverage,
  tileMoments,
  tileSubsamplePad,
} from './operations.ts';
import type { SparseKernel } from './sparse-kernels.ts';
import { TiledValue } from './tiled-value.ts';

/** As `ForwardOptions`, without hooks. */
export type SparseForwardOptions = Pick<ForwardOptions, 'onStatistics' | 'noise'> & { readonly training: boolean };

/**
 * `forward` with the kernels in `sparse` multiplied by their kept weights alone. Convolutions hand tiles on and dense layers
 * columns; what has no operation there runs on images, and values are converted where layouts meet.
 *
 * Not in training, `sparse` may hold dense layers only, and their sums are taken as the dense product takes them.
 *
 * @param x [N, ...inputShape]
 * @returns the output [N, units]
 */
export function sparseForward(
  network: Network,
  parameters: ParameterTensors,
  sparse: ReadonlyMap<string, SparseKernel>,
  x: tf.Tensor,
  options: SparseForwardOptions,
): tf.Tensor {
  const walk = new Walk(network, parameters, sparse, x.shape[0], options);
  const values = new Map<string, TiledValue>([[INPUT, new TiledValue(x.shape[0], 'images', x)]]);
  for (const fused of fuse(network))
    values.set(
      fused.output,
      walk.layer(
        fused,
        fused.inputs.map((name) => values.get(name)!),
      ),
    );
  return values.get(outputLayer(network).name)!.as('images');
}

class Walk {
  readonly #shapes: ReturnType<typeof inferShapes>;
  readonly #parameters: ParameterTensors;
  readonly #sparse: ReadonlyMap<string, SparseKernel>;
  readonly #images: number;
  readonly #options: SparseForwardOptions;
  /** Which layers read a layer's output. */
  readonly #readers: ReadonlyMap<string, readonly FusedLayer[]>;
  /** Moments that convolutions took for the batch norms behind them, by the batch norm's name. */
  readonly #moments = new Map<string, Moments>();
  /** Shortcuts that convolutions kept of what they read, by the shortcut's name. */
  readonly #shortcuts = new Map<string, tf.Tensor>();

  constructor(
    network: Network,
    parameters: ParameterTensors,
    sparse: ReadonlyMap<string, SparseKernel>,
    images: number,
    options: SparseForwardOptions,
  ) {
    this.#shapes = inferShapes(network);
    this.#parameters = parameters;
    this.#sparse = sparse;
    this.#images = images;
    this.#options = options;
    this.#readers = readersOf(fuse(network));
  }

  layer(fused: FusedLayer, inputs: readonly TiledValue[]): TiledValue {
    const { layer } = fused;
    const [input] = inputs;
    const kernel = this.#sparse.get(`${layer.name}/kernel`);
    if (kernel && layer.kind === 'dense') {
      const bias = this.#parameters[`${layer.name}/bias`];
      const product = { ...kernel, bias, biasLast: !this.#options.training, relu: fused.relu };
      return this.#made('columns', sparseMatMul(input.as('columns'), layer.units, product));
    }
    if (kernel && layer.kind === 'conv2d') return this.#convolution(fused, layer, kernel, input);
    if (input.layout === 'tiles') {
      if (layer.kind === 'batchNorm') return this.#batchNorm(fused, layer, inputs);
      if (layer.kind === 'globalAveragePool')
        return this.#made('columns', tileGlobalAverage(input.as('tiles'), this.#images));
      if (layer.kind === 'subsamplePad' && layer.before === undefined)
        // Once it is asked for: by then a convolution may have kept it, or its input.
        return this.#made(
          'tiles',
          () =>
            this.#shortcuts.get(layer.name) ??
            tileSubsamplePad(input.as('tiles'), this.#images, layer.stride, layer.channels),
        );
    }
    // Element by element, any layout will do.
    const layout = layer.kind === 'activation' || layer.kind === 'add' ? input.layout : 'images';
    const tensors = inputs.map((value) => value.as(layout));
    return this.#made(
      layout,
      computeLayer(fused, tensors, (name) => this.#parameters[name], this.#options),
    );
  }

  #convolution({ output, relu }: FusedLayer, layer: Conv2d, kernel: SparseKernel, input: TiledValue): TiledValue {
    const [source] = layer.inputs;
    const read = input.read;
    const follower = this.#readers.get(output)!;
    const norm = follower.length === 1 && !relu && follower[0].inputs[0] === output ? follower[0].layer : undefined;
    const shape = convShape(this.#shapes, layer);
    // Other convolutions compute what they read themselves.
    const others = this.#readers.get(source)?.filter((reader) => reader.layer.kind !== 'conv2d') ?? [];
    const only = others.length === 1 ? others[0].layer : undefined;
    const shortcut = only?.kind === 'subsamplePad' && only.before === undefined ? only : undefined;
    const wanted = others.length > 0 && !(shortcut && this.#shortcuts.has(shortcut.name));
    const { y, moments, kept } = sparseConv(
      read,
      shape,
      { ...kernel, bias: this.#parameters[`${layer.name}/bias`], relu },
      {
        images: this.#images,
        norm: norm?.kind === 'batchNorm' ? this.#normBehind(norm) : undefined,
        keep: read.norm !== undefined && wanted && readsAll(shape),
        shortcut,
        inputGradient: source !== INPUT,
      },
    );
    if (moments) this.#moments.set(norm!.name, moments);
    if (kept && shortcut) this.#shortcuts.set(shortcut.name, kept);
    else if (kept) input.keep(kept);
    return this.#made('tiles', y);
  }

  #batchNorm({ relu }: FusedLayer, layer: BatchNorm, [input, residual]: readonly TiledValue[]): TiledValue {
    const { tiles, variance } =
      this.#moments.get(layer.name) ?? tileMoments(input.as('tiles'), this.#images, this.#normBehind(layer));
    this.#options.onStatistics?.(layer.name, tiles.norm.mean, variance);
    return this.#made('tiles', { ...tiles, residual: residual?.as('tiles'), relu });
  }

  #normBehind({ name, epsilon }: BatchNorm): NormBehind {
    const gamma = ofRank(this.#parameters[`${name}/gamma`], 1);
    const beta = ofRank(this.#parameters[`${name}/beta`], 1);
    return { gamma, beta, epsilon };
  }

  #made(layout: TiledValue['layout'], value: ConstructorParameters<typeof TiledValue>[2]): TiledValue {
    return new TiledValue(this.#images, layout, value);
  }
}

function readersOf(plan: readonly FusedLayer[]): ReadonlyMap<string, readonly FusedLayer[]> {
  const readers = new Map<string, FusedLayer[]>(plan.map(({ output }) => [output, []]));
  for (const fused of plan) for (const name of fused.inputs) readers.get(name)?.push(fused);
  return readers;
}

/** Whether a convolution's windows leave out no row or column of its input. */
function readsAll({ size, outSize, strides, kernel, before }: ConvShape): boolean {
  return ([0, 1] as const).every(
    (axis) =>
      strides[axis] + before[axis] <= kernel[axis] &&
      (outSize[axis] - 1) * strides[axis] + kernel[axis] - before[axis] >= size[axis],
  );
}

function convShape(shapes: ReturnType<typeof inferShapes>, layer: Conv2d): ConvShape {
  const input = shapes.get(layer.inputs[0])!;
  const output = shapes.get(layer.name)!;
  // Layers with dilation are trained densely.
  const before = (axis: 0 | 1) =>
    paddingBefore(input[axis], layer.kernelSize[axis], layer.strides[axis], 1, layer.padding);
  return {
    channels: input[2],
    size: [input[0], input[1]],
    outChannels: output[2],
    outSize: [output[0], output[1]],
    strides: layer.strides,
    kernel: layer.kernelSize,
    before: [before(0), before(1)],
  };
}

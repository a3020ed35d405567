import { type Conv2d, type Dense, inferShapes, type Network, PrunebenchError, prunableSpecs } from '@prunebench/core';

/**
 * A layer with a kernel, seen as a matrix [fanIn, units]: both dense kernels [in, out] and convolution kernels
 * [height, width, in / groups, out] keep the weight from input p to unit u at flat index p * units + u.
 */
export interface WeightLayer {
  readonly layer: Dense | Conv2d;
  readonly kernel: string;
  readonly bias: string | undefined;
  /** Shape of one example's input, without the batch. */
  readonly inputShape: readonly number[];
  readonly outputShape: readonly number[];
  readonly fanIn: number;
  readonly units: number;
  /** Places of one example at which the kernel is applied: 1 for a dense layer. */
  readonly positions: number;
  readonly groups: number;
}

/** The layers whose kernels may be pruned, in the network's order. */
export function weightLayers(network: Network): readonly WeightLayer[] {
  const shapes = inferShapes(network);
  return prunableSpecs(network).map((spec) => {
    const layer = network.layers.find(({ name }) => name === spec.layer);
    if (layer?.kind !== 'dense' && layer?.kind !== 'conv2d')
      throw new PrunebenchError(
        `Second-order criteria know dense and conv2d kernels, not ${spec.name} of a ${layer?.kind} layer.`,
      );
    const outputShape = shapes.get(layer.name)!;
    const units = outputShape[outputShape.length - 1];
    return {
      layer,
      kernel: spec.name,
      bias: layer.useBias ? `${layer.name}/bias` : undefined,
      inputShape: shapes.get(layer.inputs[0])!,
      outputShape,
      fanIn: spec.shape.reduce((product, size) => product * size, 1) / units,
      units,
      positions: outputShape.reduce((product, size) => product * size, 1) / units,
      groups: layer.kind === 'conv2d' ? layer.groups : 1,
    };
  });
}

import type { WeightLayer } from './weight-layers.ts';

/** Where a column matrix stands: column p starts at p * stride, and this example's first row is `row`. */
export interface ColumnTarget {
  readonly columns: Float64Array | Float32Array;
  readonly stride: number;
  readonly row: number;
}

/**
 * The inputs that one example feeds to a layer's kernel, by columns (im2col): entry (position, p) is the input that the
 * kernel's weight p sees at that position, 0 in the padding. A dense layer has one position: its input itself.
 *
 * @param input the batch's layer inputs, this example's starting at `offset`
 * @param group which of a grouped convolution's input groups
 * @param positions flat output positions (y * width + x), in the order in which they become rows
 */
export function writePatches(
  layer: WeightLayer,
  input: Float32Array,
  offset: number,
  group: number,
  positions: ArrayLike<number>,
  target: ColumnTarget,
): void {
  if (layer.layer.kind === 'dense') {
    for (let p = 0; p < layer.fanIn; p++) target.columns[p * target.stride + target.row] = input[offset + p];
    return;
  }
  const { kernelSize, strides, dilation } = layer.layer;
  const [height, width, channels] = layer.inputShape;
  const outWidth = layer.outputShape[1];
  const groupChannels = channels / layer.groups;
  const top = paddingBefore(layer, 0);
  const left = paddingBefore(layer, 1);
  let p = 0;
  for (let ky = 0; ky < kernelSize[0]; ky++)
    for (let kx = 0; kx < kernelSize[1]; kx++)
      for (let c = 0; c < groupChannels; c++, p++) {
        const column = p * target.stride + target.row;
        const channel = offset + group * groupChannels + c;
        for (let i = 0; i < positions.length; i++) {
          const outY = Math.floor(positions[i] / outWidth);
          const y = outY * strides[0] + ky * dilation[0] - top;
          const x = (positions[i] - outY * outWidth) * strides[1] + kx * dilation[1] - left;
          const inside = y >= 0 && y < height && x >= 0 && x < width;
          target.columns[column + i] = inside ? input[channel + (y * width + x) * channels] : 0;
        }
      }
}

/** Rows (axis 0) or columns (axis 1) of zeros before the image, as TensorFlow places `same` padding: the odd one goes behind. */
function paddingBefore({ layer, inputShape, outputShape }: WeightLayer, axis: 0 | 1): number {
  if (layer.kind === 'dense' || layer.padding === 'valid') return 0;
  const span = (layer.kernelSize[axis] - 1) * layer.dilation[axis] + 1;
  const total = (outputShape[axis] - 1) * layer.strides[axis] + span - inputShape[axis];
  return Math.floor(Math.max(0, total) / 2);
}

// Convolutions. C++: cc/conv/.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { type Attributes, numbersOf, perAxisOf, windowOf } from './attributes.ts';
import { imageShape, isFloat, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';
import { activate, isPlain } from './mat-mul.ts';

/**
 * What a convolution of images [N, H, W, C] looks like.
 *
 * @param x the shape of the images
 * @param filter that of the filters
 * @throws Error naming an attribute that is not what tfjs has there
 */
export function convInfo(x: number[], filter: number[], attrs: Attributes, depthwise = false): backend_util.Conv2DInfo {
  const { strides, pad, rounding } = windowOf(attrs);
  const dilations = perAxisOf(attrs.dilations ?? 1, 'dilations');
  const [images, filters] = [imageShape(x), imageShape(filter)];
  return backend_util.computeConv2DInfo(images, filters, strides, dilations, pad, rounding, depthwise);
}

/** The numbers of every convolution kernel (CONV_SHAPE in C++). */
export function shapeNumbers(info: backend_util.Conv2DInfo): Record<string, number> {
  return {
    images: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    outChannels: info.outChannels,
    filterHeight: info.filterHeight,
    filterWidth: info.filterWidth,
    strideY: info.strideHeight,
    strideX: info.strideWidth,
    dilationY: info.dilationHeight,
    dilationX: info.dilationWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
  };
}

/** tfjs lets an output gradient be larger than the forward pass's output; the stock kernels then use a corner of it. */
const isOutputShape = (dy: TensorInfo, info: backend_util.Conv2DInfo): boolean =>
  util.arraysEqual(dy.shape, info.outShape);

export const isChannelsLast = (attrs: Attributes): boolean => (attrs.dataFormat ?? 'NHWC') === 'NHWC';

const conv2d: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, filter } = required(inputs, 'x', 'filter');
  const { bias, preluActivationWeights } = inputs;
  const channels = filter.shape[3]!;
  const biasFits = !bias || (sizeOf(bias.shape) === channels && bias.shape.at(-1) === channels);
  // Grouped convolutions (fewer filter channels than input channels) are left to the stock kernel.
  const grouped = x.shape[3] !== filter.shape[2];
  if (!isChannelsLast(attrs) || !isFloat(x, filter, bias) || !biasFits || grouped) return fallback();
  const info = convInfo(x.shape, filter.shape, attrs);
  const y = backend.output(info.outShape);
  const relu = attrs.activation === 'relu';
  backend.invoke('Conv2D', { x, filter, bias, y }, { ...shapeNumbers(info), relu });
  if (isPlain(attrs.activation)) return y;
  return activate(backend, y, attrs, preluActivationWeights);
};

const inputGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { dy, filter } = required(inputs, 'dy', 'filter');
  const inputShape = numbersOf(attrs.inputShape, 'inputShape');
  if (!isChannelsLast(attrs) || !isFloat(dy, filter) || inputShape[3] !== filter.shape[2]) return fallback();
  const info = convInfo(inputShape, filter.shape, attrs);
  if (!isOutputShape(dy, info)) return fallback();
  const dx = backend.output(info.inShape);
  backend.invoke('Conv2DBackpropInput', { dy, filter, dx }, shapeNumbers(info));
  return dx;
};

const filterGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, dy } = required(inputs, 'x', 'dy');
  const filterShape = numbersOf(attrs.filterShape, 'filterShape');
  if (!isChannelsLast(attrs) || !isFloat(x, dy) || filterShape[2] !== x.shape[3]) return fallback();
  const info = convInfo(x.shape, filterShape, attrs);
  if (!isOutputShape(dy, info)) return fallback();
  const dw = backend.output(info.filterShape);
  backend.invoke('Conv2DBackpropFilter', { x, dy, dw }, shapeNumbers(info));
  return dw;
};

export const convKernels: Kernels = {
  Conv2D: conv2d,
  FusedConv2D: conv2d,
  Conv2DBackpropInput: inputGradient,
  Conv2DBackpropFilter: filterGradient,
};

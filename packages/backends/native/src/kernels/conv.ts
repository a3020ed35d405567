// Convolutions. C++: cc/conv/.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { isFloat, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';
import { activate, isPlain } from './mat-mul.ts';

type Shape4D = [number, number, number, number];

interface ConvAttributes {
  strides: number | [number, number];
  pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  dilations?: number | [number, number];
  dimRoundingMode?: 'floor' | 'round' | 'ceil';
  dataFormat?: 'NHWC' | 'NCHW';
}

function convInfo(x: readonly number[], filter: readonly number[], attrs: ConvAttributes): backend_util.Conv2DInfo {
  const { strides, pad, dilations = 1, dimRoundingMode } = attrs;
  return backend_util.computeConv2DInfo(x as Shape4D, filter as Shape4D, strides, dilations, pad, dimRoundingMode);
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

const isChannelsLast = (attrs: ConvAttributes): boolean => (attrs.dataFormat ?? 'NHWC') === 'NHWC';

const conv2d: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, filter } = required(inputs, 'x', 'filter');
  const { bias, preluActivationWeights } = inputs;
  const options = attrs as unknown as ConvAttributes;
  const channels = filter.shape[3]!;
  const biasFits = !bias || (sizeOf(bias.shape) === channels && bias.shape.at(-1) === channels);
  // Grouped convolutions (fewer filter channels than input channels) are left to the stock kernel.
  const grouped = x.shape[3] !== filter.shape[2];
  if (!isChannelsLast(options) || !isFloat(x, filter, bias) || !biasFits || grouped) return fallback();
  const info = convInfo(x.shape, filter.shape, options);
  const y = backend.output(info.outShape);
  const relu = attrs.activation === 'relu';
  backend.invoke('Conv2D', { x, filter, bias, y }, { ...shapeNumbers(info), relu });
  if (isPlain(attrs.activation)) return y;
  return activate(backend, y, attrs.activation, preluActivationWeights, attrs.leakyreluAlpha);
};

const inputGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { dy, filter } = required(inputs, 'dy', 'filter');
  const options = attrs as unknown as ConvAttributes & { inputShape: number[] };
  if (!isChannelsLast(options) || !isFloat(dy, filter) || options.inputShape[3] !== filter.shape[2]) return fallback();
  const info = convInfo(options.inputShape, filter.shape, options);
  if (!isOutputShape(dy, info)) return fallback();
  const dx = backend.output(info.inShape);
  backend.invoke('Conv2DBackpropInput', { dy, filter, dx }, shapeNumbers(info));
  return dx;
};

const filterGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, dy } = required(inputs, 'x', 'dy');
  const options = attrs as unknown as ConvAttributes & { filterShape: number[] };
  if (!isChannelsLast(options) || !isFloat(x, dy) || options.filterShape[2] !== x.shape[3]) return fallback();
  const info = convInfo(x.shape, options.filterShape, options);
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

// Depthwise convolutions with one filter per channel. C++: cc/conv/depthwise.cc.
import { backend_util } from '@tensorflow/tfjs-core';
import { shapeNumbers } from './conv.ts';
import { isFloat, type KernelBody, type KernelCall, type Kernels, required, sizeOf } from './kernel.ts';
import { activate, isPlain } from './mat-mul.ts';

type Shape4D = [number, number, number, number];

function infoOf(x: readonly number[], filter: readonly number[], attrs: KernelCall['attrs']): backend_util.Conv2DInfo {
  const { strides, pad, dilations, dimRoundingMode } = attrs;
  const steps = dilations ?? [1, 1];
  return backend_util.computeConv2DInfo(x as Shape4D, filter as Shape4D, strides, steps, pad, dimRoundingMode, true);
}

const isPlainDepthwise = (filter: readonly number[], attrs: KernelCall['attrs']): boolean =>
  filter[3] === 1 && (attrs.dataFormat ?? 'NHWC') === 'NHWC';

const forward: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, filter } = required(inputs, 'x', 'filter');
  const { bias, preluActivationWeights } = inputs;
  const biasFits = !bias || (sizeOf(bias.shape) === x.shape[3] && bias.shape.at(-1) === x.shape[3]);
  if (!isFloat(x, filter, bias) || !isPlainDepthwise(filter.shape, attrs) || !biasFits) return fallback();
  const info = infoOf(x.shape, filter.shape, attrs);
  const y = backend.output(info.outShape);
  const relu = attrs.activation === 'relu';
  backend.invoke('DepthwiseConv2D', { x, filter, bias, y }, { ...shapeNumbers(info), relu });
  if (isPlain(attrs.activation)) return y;
  return activate(backend, y, attrs.activation, preluActivationWeights, attrs.leakyreluAlpha);
};

const inputGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { filter } = required(inputs, 'filter');
  const { dy } = inputs;
  if (!isFloat(dy, filter) || !isPlainDepthwise(filter.shape, attrs)) return fallback();
  const info = infoOf(attrs.inputShape, filter.shape, attrs);
  const dx = backend.output(info.inShape);
  backend.invoke('DepthwiseConv2DBackpropInput', { dy, filter, dx }, shapeNumbers(info));
  return dx;
};

const filterGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x } = required(inputs, 'x');
  const { dy } = inputs;
  if (!isFloat(x, dy) || !isPlainDepthwise(attrs.filterShape, attrs)) return fallback();
  const info = infoOf(x.shape, attrs.filterShape, attrs);
  const dw = backend.output(attrs.filterShape);
  backend.invoke('DepthwiseConv2DBackpropFilter', { x, dy, dw }, shapeNumbers(info));
  return dw;
};

export const depthwiseKernels: Kernels = {
  DepthwiseConv2dNative: forward,
  FusedDepthwiseConv2D: forward,
  DepthwiseConv2dNativeBackpropInput: inputGradient,
  DepthwiseConv2dNativeBackpropFilter: filterGradient,
};

// Depthwise convolutions with one filter per channel. C++: cc/depthwise.cc.
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { shapeNumbers } from './conv.ts';
import { isFloat, type KernelBody, type KernelCall, type Kernels, sizeOf } from './kernel.ts';
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
  const { x, filter, bias, preluActivationWeights } = inputs as Record<string, TensorInfo>;
  const biasFits = !bias || (sizeOf(bias.shape) === x!.shape[3] && bias.shape.at(-1) === x!.shape[3]);
  if (!isFloat(x, filter, bias) || !isPlainDepthwise(filter!.shape, attrs) || !biasFits) return fallback();
  const info = infoOf(x!.shape, filter!.shape, attrs);
  const out = backend.output(info.outShape);
  const relu = Number(attrs.activation === 'relu');
  backend.invoke('DepthwiseConv2D', [x, filter, bias, out], [...shapeNumbers(info), relu]);
  if (isPlain(attrs.activation)) return out;
  return activate(backend, out, attrs.activation, preluActivationWeights, attrs.leakyreluAlpha);
};

const inputGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { dy, filter } = inputs as Record<string, TensorInfo>;
  if (!isFloat(dy, filter) || !isPlainDepthwise(filter!.shape, attrs)) return fallback();
  const info = infoOf(attrs.inputShape, filter!.shape, attrs);
  const out = backend.output(info.inShape);
  backend.invoke('DepthwiseConv2DBackpropInput', [dy, filter, out], shapeNumbers(info));
  return out;
};

const filterGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, dy } = inputs as Record<string, TensorInfo>;
  if (!isFloat(x, dy) || !isPlainDepthwise(attrs.filterShape, attrs)) return fallback();
  const info = infoOf(x!.shape, attrs.filterShape, attrs);
  const out = backend.output(attrs.filterShape);
  backend.invoke('DepthwiseConv2DBackpropFilter', [x, dy, out], shapeNumbers(info));
  return out;
};

export const depthwiseKernels: Kernels = {
  DepthwiseConv2dNative: forward,
  FusedDepthwiseConv2D: forward,
  DepthwiseConv2dNativeBackpropInput: inputGradient,
  DepthwiseConv2dNativeBackpropFilter: filterGradient,
};

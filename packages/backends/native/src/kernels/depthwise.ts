// Depthwise convolutions with one filter per channel. C++: cc/conv/depthwise.cc.
import { type Attributes, numbersOf } from './attributes.ts';
import { convInfo, isChannelsLast, shapeNumbers } from './conv.ts';
import { isFloat, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';
import { activate, isPlain } from './mat-mul.ts';

const isPlainDepthwise = (filter: readonly number[], attrs: Attributes): boolean =>
  filter[3] === 1 && isChannelsLast(attrs);

const forward: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x, filter } = required(inputs, 'x', 'filter');
  const { bias, preluActivationWeights } = inputs;
  const biasFits = !bias || (sizeOf(bias.shape) === x.shape[3] && bias.shape.at(-1) === x.shape[3]);
  if (!isFloat(x, filter, bias) || !isPlainDepthwise(filter.shape, attrs) || !biasFits) return fallback();
  const info = convInfo(x.shape, filter.shape, attrs, true);
  const y = backend.output(info.outShape);
  const relu = attrs.activation === 'relu';
  backend.invoke('DepthwiseConv2D', { x, filter, bias, y }, { ...shapeNumbers(info), relu });
  if (isPlain(attrs.activation)) return y;
  return activate(backend, y, attrs, preluActivationWeights);
};

const inputGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { filter } = required(inputs, 'filter');
  const { dy } = inputs;
  if (!isFloat(dy, filter) || !isPlainDepthwise(filter.shape, attrs)) return fallback();
  const info = convInfo(numbersOf(attrs.inputShape, 'inputShape'), filter.shape, attrs, true);
  const dx = backend.output(info.inShape);
  backend.invoke('DepthwiseConv2DBackpropInput', { dy, filter, dx }, shapeNumbers(info));
  return dx;
};

const filterGradient: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x } = required(inputs, 'x');
  const { dy } = inputs;
  const filterShape = numbersOf(attrs.filterShape, 'filterShape');
  if (!isFloat(x, dy) || !isPlainDepthwise(filterShape, attrs)) return fallback();
  const info = convInfo(x.shape, filterShape, attrs, true);
  const dw = backend.output(filterShape);
  backend.invoke('DepthwiseConv2DBackpropFilter', { x, dy, dw }, shapeNumbers(info));
  return dw;
};

export const depthwiseKernels: Kernels = {
  DepthwiseConv2dNative: forward,
  FusedDepthwiseConv2D: forward,
  DepthwiseConv2dNativeBackpropInput: inputGradient,
  DepthwiseConv2dNativeBackpropFilter: filterGradient,
};

// Pooling. C++: cc/conv/pool.cc.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { perAxisOf, windowOf } from './attributes.ts';
import { imageShape, isFloat, type KernelCall, type Kernels, required } from './kernel.ts';

function poolInfo(x: TensorInfo, { attrs }: KernelCall): backend_util.Conv2DInfo {
  const { strides, pad, rounding } = windowOf(attrs);
  const filterSize = perAxisOf(attrs.filterSize, 'filterSize');
  return backend_util.computePool2DInfo(imageShape(x.shape), filterSize, strides, 1, pad, rounding);
}

/** POOL_SHAPE in C++. */
function shapeNumbers(info: backend_util.Conv2DInfo): Record<string, number> {
  return {
    images: info.batchSize,
    height: info.inHeight,
    width: info.inWidth,
    channels: info.inChannels,
    outHeight: info.outHeight,
    outWidth: info.outWidth,
    filterHeight: info.effectiveFilterHeight,
    filterWidth: info.effectiveFilterWidth,
    strideY: info.strideHeight,
    strideX: info.strideWidth,
    dilationY: info.dilationHeight,
    dilationX: info.dilationWidth,
    top: info.padInfo.top,
    left: info.padInfo.left,
  };
}

const pool = (kernel: string) => (call: KernelCall) => {
  const { x } = required(call.inputs, 'x');
  if (!isFloat(x)) return call.fallback();
  const info = poolInfo(x, call);
  // As tfjs has it, also where strides and padding would move the pixels.
  const single = info.filterHeight === 1 && info.filterWidth === 1;
  if (single && util.arraysEqual(info.inShape, info.outShape)) return call.backend.alias(x);
  const y = call.backend.output(info.outShape);
  call.backend.invoke(kernel, { x, y }, shapeNumbers(info));
  return y;
};

const maxPoolGrad = (call: KernelCall) => {
  const { input } = required(call.inputs, 'input');
  const { dy, output } = call.inputs;
  if (!isFloat(dy, input, output)) return call.fallback();
  const dx = call.backend.output(input.shape);
  call.backend.invoke('MaxPoolGrad', { dy, x: input, y: output, dx }, shapeNumbers(poolInfo(input, call)));
  return dx;
};

const avgPoolGrad = (call: KernelCall) => {
  const { input } = required(call.inputs, 'input');
  const { dy } = call.inputs;
  if (!isFloat(dy)) return call.fallback();
  const dx = call.backend.output(input.shape);
  call.backend.invoke('AvgPoolGrad', { dy, dx }, shapeNumbers(poolInfo(input, call)));
  return dx;
};

export const poolKernels: Kernels = {
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AvgPool'),
  MaxPoolGrad: maxPoolGrad,
  AvgPoolGrad: avgPoolGrad,
};

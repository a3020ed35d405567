// Pooling. C++: cc/pool.cc.
import { backend_util, type TensorInfo, util } from '@tensorflow/tfjs-core';
import { isFloat, type KernelCall, type Kernels } from './kernel.ts';

type Shape4D = [number, number, number, number];

function poolInfo(x: TensorInfo, { attrs }: KernelCall): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs;
  return backend_util.computePool2DInfo(x.shape as Shape4D, filterSize, strides, 1, pad, dimRoundingMode);
}

function shapeNumbers(info: backend_util.Conv2DInfo): number[] {
  return [
    ...[info.batchSize, info.inHeight, info.inWidth, info.inChannels, info.outHeight, info.outWidth],
    ...[info.effectiveFilterHeight, info.effectiveFilterWidth, info.strideHeight, info.strideWidth],
    ...[info.dilationHeight, info.dilationWidth, info.padInfo.top, info.padInfo.left],
  ];
}

const pool = (kernel: string) => (call: KernelCall) => {
  const x = call.inputs.x!;
  if (!isFloat(x)) return call.fallback();
  const info = poolInfo(x, call);
  // As tfjs has it, also where strides and padding would move the pixels.
  const single = info.filterHeight === 1 && info.filterWidth === 1;
  if (single && util.arraysEqual(info.inShape, info.outShape)) return call.backend.alias(x);
  const out = call.backend.output(info.outShape);
  call.backend.invoke(kernel, [x, out], shapeNumbers(info));
  return out;
};

const maxPoolGrad = (call: KernelCall) => {
  const { dy, input, output } = call.inputs as Record<string, TensorInfo>;
  if (!isFloat(dy, input, output)) return call.fallback();
  const out = call.backend.output(input!.shape);
  call.backend.invoke('MaxPoolGrad', [dy, input, output, out], shapeNumbers(poolInfo(input!, call)));
  return out;
};

const avgPoolGrad = (call: KernelCall) => {
  const { dy, input } = call.inputs as Record<string, TensorInfo>;
  if (!isFloat(dy)) return call.fallback();
  const out = call.backend.output(input!.shape);
  call.backend.invoke('AvgPoolGrad', [dy, out], shapeNumbers(poolInfo(input!, call)));
  return out;
};

export const poolKernels: Kernels = {
  MaxPool: pool('MaxPool'),
  AvgPool: pool('AvgPool'),
  MaxPoolGrad: maxPoolGrad,
  AvgPoolGrad: avgPoolGrad,
};

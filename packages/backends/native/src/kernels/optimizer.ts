// Optimizer updates. C++: cc/optimizer.cc.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { assertFloats, type KernelBody, type Kernels, sizeOf } from './kernel.ts';

/** Inputs param, velocity, gradient, optional mask, learningRate; outputs the new param and velocity. */
const momentumUpdate: KernelBody = ({ backend, inputs, attrs }) => {
  const { param, velocity, gradient, mask, learningRate } = inputs as Record<string, TensorInfo>;
  const size = sizeOf(param!.shape);
  assertFloats('MomentumUpdate', size, { param, velocity, gradient, mask });
  assertFloats('MomentumUpdate', 1, { learningRate });
  const outputs = [backend.output(param!.shape), backend.output(param!.shape)];
  const numbers = [size, attrs.momentum, Number(attrs.nesterov), attrs.weightDecay];
  backend.invoke('MomentumUpdate', [param, velocity, gradient, mask, learningRate, ...outputs], numbers);
  return outputs;
};

/** Inputs param, m, v, gradient, optional mask, schedule [3]; outputs the new param, m and v. */
const adamUpdate: KernelBody = ({ backend, inputs, attrs }) => {
  const { param, m, v, gradient, mask, schedule } = inputs as Record<string, TensorInfo>;
  const size = sizeOf(param!.shape);
  assertFloats('AdamUpdate', size, { param, m, v, gradient, mask });
  assertFloats('AdamUpdate', 3, { schedule });
  const outputs = [backend.output(param!.shape), backend.output(param!.shape), backend.output(param!.shape)];
  const { beta1, beta2, epsilon, weightDecay, decoupled } = attrs;
  const numbers = [size, beta1, beta2, epsilon, weightDecay, Number(decoupled)];
  backend.invoke('AdamUpdate', [param, m, v, gradient, mask, schedule, ...outputs], numbers);
  return outputs;
};

export const optimizerKernels: Kernels = { MomentumUpdate: momentumUpdate, AdamUpdate: adamUpdate };

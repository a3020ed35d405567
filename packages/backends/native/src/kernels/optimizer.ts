// Optimizer updates. C++: cc/optimizer/optimizer.cc.
import { numberOf } from './attributes.ts';
import { assertFloats, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

/** Inputs param, velocity, gradient, optional mask, learningRate; outputs the new param and velocity. */
const momentumUpdate: KernelBody = ({ backend, inputs, attrs }) => {
  const { param } = required(inputs, 'param');
  const { velocity, gradient, mask, learningRate } = inputs;
  const size = sizeOf(param.shape);
  assertFloats('MomentumUpdate', size, { param, velocity, gradient, mask });
  assertFloats('MomentumUpdate', 1, { learningRate });
  const newParam = backend.output(param.shape);
  const newVelocity = backend.output(param.shape);
  const momentum = numberOf(attrs.momentum, 'momentum');
  const weightDecay = numberOf(attrs.weightDecay, 'weightDecay');
  const operands = { param, velocity, gradient, mask, learningRate, newParam, newVelocity };
  backend.invoke('MomentumUpdate', operands, { size, momentum, nesterov: Boolean(attrs.nesterov), weightDecay });
  return [newParam, newVelocity];
};

/** Inputs param, m, v, gradient, optional mask, schedule [3]; outputs the new param, m and v. */
const adamUpdate: KernelBody = ({ backend, inputs, attrs }) => {
  const { param } = required(inputs, 'param');
  const { m, v, gradient, mask, schedule } = inputs;
  const size = sizeOf(param.shape);
  assertFloats('AdamUpdate', size, { param, m, v, gradient, mask });
  assertFloats('AdamUpdate', 3, { schedule });
  const newParam = backend.output(param.shape);
  const newM = backend.output(param.shape);
  const newV = backend.output(param.shape);
  const operands = { param, m, v, gradient, mask, schedule, newParam, newM, newV };
  backend.invoke('AdamUpdate', operands, {
    size,
    beta1: numberOf(attrs.beta1, 'beta1'),
    beta2: numberOf(attrs.beta2, 'beta2'),
    epsilon: numberOf(attrs.epsilon, 'epsilon'),
    weightDecay: numberOf(attrs.weightDecay, 'weightDecay'),
    decoupled: Boolean(attrs.decoupled),
  });
  return [newParam, newM, newV];
};

export const optimizerKernels: Kernels = { MomentumUpdate: momentumUpdate, AdamUpdate: adamUpdate };

// Batch normalization. C++: cc/norm/batch-norm.cc.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { numberOf } from './attributes.ts';
import { isFloat, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

function rowsAndChannels(x: TensorInfo): [number, number] {
  const channels = x.shape.at(-1)!;
  return [sizeOf(x.shape.slice(0, -1)), channels];
}

/** Inputs x, gamma, beta, optional residual; attributes epsilon, relu; outputs y, mean, biased variance. */
const training: KernelBody = ({ backend, inputs, attrs }) => {
  const { x } = required(inputs, 'x');
  const { gamma, beta, residual } = inputs;
  const [rows, channels] = rowsAndChannels(x);
  const y = backend.output(x.shape);
  const mean = backend.output([channels]);
  const variance = backend.output([channels]);
  const numbers = { rows, channels, epsilon: numberOf(attrs.epsilon, 'epsilon'), relu: Boolean(attrs.relu) };
  backend.invoke('BatchNormTraining', { x, gamma, beta, residual, y, mean, variance }, numbers);
  return [y, mean, variance];
};

/** Inputs dy, x, y, gamma, mean, variance; outputs dx, dgamma, dbeta and, with attribute residual, dresidual. */
const trainingGrad: KernelBody = ({ backend, inputs, attrs }) => {
  const { x } = required(inputs, 'x');
  const { dy, y, gamma, mean, variance } = inputs;
  const [rows, channels] = rowsAndChannels(x);
  const dx = backend.output(x.shape);
  const dgamma = backend.output([channels]);
  const dbeta = backend.output([channels]);
  const dresidual = attrs.residual ? backend.output(x.shape) : undefined;
  const operands = { dy, x, y, gamma, mean, variance, dx, dgamma, dbeta, dresidual };
  const numbers = { rows, channels, epsilon: numberOf(attrs.epsilon, 'epsilon'), relu: Boolean(attrs.relu) };
  backend.invoke('BatchNormTrainingGrad', operands, numbers);
  return [dx, dgamma, dbeta, ...(dresidual ? [dresidual] : [])];
};

const inference: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x } = required(inputs, 'x');
  const { scale, offset, mean, variance } = inputs;
  const [rows, channels] = rowsAndChannels(x);
  const perChannel = [scale, offset, mean, variance].every(
    (t) => !t || (t.shape.length === 1 && t.shape[0] === channels),
  );
  if (!isFloat(x, scale, offset, mean, variance) || !perChannel) return fallback();
  const y = backend.output(x.shape);
  const numbers = { rows, channels, epsilon: numberOf(attrs.varianceEpsilon, 'varianceEpsilon') };
  backend.invoke('BatchNormInference', { x, mean, variance, offset, scale, y }, numbers);
  return y;
};

export const batchNormKernels: Kernels = {
  BatchNormTraining: training,
  BatchNormTrainingGrad: trainingGrad,
  FusedBatchNorm: inference,
};

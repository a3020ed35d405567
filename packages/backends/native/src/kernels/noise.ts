// Random numbers by counter. C++: cc/noise/noise.cc.
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { type Attributes, numberOf, numbersOf } from './attributes.ts';
import { assertFloats, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

function assertCounter(kernel: string, counter: TensorInfo): void {
  if (counter.dtype === 'int32' && sizeOf(counter.shape) === 2) return;
  throw new Error(`${kernel}: counter must be int32 [2], not ${counter.dtype} [${counter.shape}].`);
}

const keyOf = ({ keyLow, keyHigh }: Attributes) => ({
  keyLow: numberOf(keyLow, 'keyLow'),
  keyHigh: numberOf(keyHigh, 'keyHigh'),
});

/** Input counter int32 [2]; attributes shape and the key's words. */
const ofShape =
  (kernel: string): KernelBody =>
  ({ backend, inputs, attrs }) => {
    const { counter } = required(inputs, 'counter');
    assertCounter(kernel, counter);
    const shape = numbersOf(attrs.shape, 'shape');
    const out = backend.output(shape);
    backend.invoke(kernel, { counter, out }, { size: sizeOf(shape), ...keyOf(attrs) });
    return out;
  };

/** Inputs probability, counter int32 [2]; attributes the key's words. */
const bernoulliNoise: KernelBody = ({ backend, inputs, attrs }) => {
  const { probability, counter } = required(inputs, 'probability', 'counter');
  const size = sizeOf(probability.shape);
  assertFloats('BernoulliNoise', size, { probability });
  assertCounter('BernoulliNoise', counter);
  const out = backend.output(probability.shape);
  backend.invoke('BernoulliNoise', { probability, counter, out }, { size, ...keyOf(attrs), logistic: false });
  return out;
};

export const noiseKernels: Kernels = {
  UniformNoise: ofShape('UniformNoise'),
  NormalNoise: ofShape('NormalNoise'),
  BernoulliNoise: bernoulliNoise,
};

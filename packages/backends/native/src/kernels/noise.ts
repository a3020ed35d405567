// Random numbers by counting. C++: cc/random/noise.cc.
import { assertFloats, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

/** Inputs counter int32 [2] and, of Bernoulli numbers, their probabilities; attributes shape, low, high, distribution. */
const noise: KernelBody = ({ backend, inputs, attrs }) => {
  const { counter } = required(inputs, 'counter');
  if (counter.dtype !== 'int32' || sizeOf(counter.shape) !== 2)
    throw new Error(`Noise: counter must be int32 [2], not ${counter.dtype} [${counter.shape}].`);
  const { probability } = inputs;
  const { shape, low, high, distribution } = attrs;
  const size = sizeOf(shape);
  assertFloats('Noise', size, { probability });
  const out = backend.output(shape);
  backend.invoke('Noise', { counter, probability, out }, { size, low, high, distribution });
  return out;
};

export const noiseKernels: Kernels = { Noise: noise };

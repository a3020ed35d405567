// The k largest numbers. C++: cc/select/top-k.cc.
import { assertFloats, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

/** Inputs scores, k int32 []; output the 0/1 mask. */
const topKMask: KernelBody = ({ backend, inputs }) => {
  const { scores, k } = required(inputs, 'scores', 'k');
  const size = sizeOf(scores.shape);
  assertFloats('TopKMask', size, { scores });
  if (k.dtype !== 'int32' || sizeOf(k.shape) !== 1)
    throw new Error(`TopKMask: k must be one int32, not ${k.dtype} [${k.shape}].`);
  const out = backend.output(scores.shape);
  backend.invoke('TopKMask', { scores, k, out }, { size });
  return out;
};

export const topKKernels: Kernels = { TopKMask: topKMask };

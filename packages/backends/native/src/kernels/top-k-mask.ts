// Which scores are among the k largest. C++: cc/reduce/top-k-mask.cc.
import { assertFloats, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

/** Inputs scores, k int32 of one element; output 0/1 float32 of the scores' shape. */
const topKMask: KernelBody = ({ backend, inputs }) => {
  const { scores, k } = required(inputs, 'scores', 'k');
  const size = sizeOf(scores.shape);
  assertFloats('TopKMask', size, { scores });
  if (k.dtype !== 'int32' || sizeOf(k.shape) !== 1)
    throw new Error(`TopKMask: k must be one int32, not ${k.dtype} [${k.shape}].`);
  const mask = backend.output(scores.shape);
  backend.invoke('TopKMask', { scores, k, mask }, { size });
  return mask;
};

export const topKMaskKernels: Kernels = { TopKMask: topKMask };

// Conversions between float32, int32 and bool. C++: cc/integer.cc.
import type { NumericType } from '../backend.ts';
import { type KernelBody, type Kernels, numericTypes, sizeOf } from './kernel.ts';

const cast: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const x = inputs.x!;
  const [from, to] = [numericTypes.indexOf(x.dtype), numericTypes.indexOf(attrs.dtype)];
  if (from < 0 || to < 0) return fallback();
  if (from === to) return backend.alias(x);
  // Always a copy: the stock kernel passes on the same data under a wider type, whose kernels would misread it.
  const out = backend.output(x.shape, attrs.dtype as NumericType);
  backend.invoke('Cast', [x, out], [sizeOf(x.shape), from, to]);
  return out;
};

export const castKernels: Kernels = { Cast: cast };

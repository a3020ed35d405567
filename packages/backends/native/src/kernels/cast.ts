// Conversions between float32, int32 and bool. C++: cc/elementwise/integer.cc.
import { isNumericType } from '../backend.ts';
import { elementTypes, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

const cast: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { x } = required(inputs, 'x');
  const { dtype } = attrs;
  if (!isNumericType(x.dtype) || !isNumericType(dtype)) return fallback();
  const fromType = elementTypes[x.dtype];
  const toType = elementTypes[dtype];
  if (fromType === toType) return backend.alias(x);
  // Always a copy: the stock kernel passes on the same data under a wider type, whose kernels would misread it.
  const to = backend.output(x.shape, dtype);
  backend.invoke('Cast', { from: x, to }, { size: sizeOf(x.shape), fromType, toType });
  return to;
};

export const castKernels: Kernels = { Cast: cast };

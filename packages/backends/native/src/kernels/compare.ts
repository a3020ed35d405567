// Comparisons, logic and selection. C++: cc/elementwise/compare.cc.
import { util } from '@tensorflow/tfjs-core';
import { isNumericType } from '../backend.ts';
import type { SharedEnums } from '../descriptors.ts';
import { broadcast } from './broadcast.ts';
import { elementTypes, isFloat, type KernelBody, type Kernels, required, sizeOf } from './kernel.ts';

const compare =
  (operation: string): KernelBody =>
  ({ backend, inputs, fallback }) => {
    const { a, b } = required(inputs, 'a', 'b');
    if (a.dtype !== b.dtype || !isNumericType(a.dtype)) return fallback();
    const type = elementTypes[a.dtype];
    const call = broadcast(a, b);
    if (!call) return fallback();
    const out = backend.output(call.shape, 'bool');
    if (call.size > 0) backend.invoke('Compare', { a, b, out }, { operation, type, ...call.numbers });
    return out;
  };

const test =
  (operation: string): KernelBody =>
  ({ backend, inputs, fallback }) => {
    const { x } = required(inputs, 'x');
    if (operation === 'LogicalNot' ? x.dtype !== 'bool' : !isFloat(x)) return fallback();
    const out = backend.output(x.shape, 'bool');
    backend.invoke('Test', { x, out }, { operation, size: sizeOf(x.shape) });
    return out;
  };

const select: KernelBody = ({ backend, inputs, fallback }) => {
  const { condition, t, e } = required(inputs, 'condition', 't', 'e');
  const type = t.dtype;
  const fits = util.arraysEqual(condition.shape, t.shape) && util.arraysEqual(t.shape, e.shape);
  if (condition.dtype !== 'bool' || type !== e.dtype || (type !== 'float32' && type !== 'int32') || !fits) {
    return fallback();
  }
  const out = backend.output(t.shape, type);
  backend.invoke('Select', { condition, a: t, b: e, out }, { size: sizeOf(t.shape) });
  return out;
};

/** One for each name of `Comparison` and `Predicate`. */
export const compareKernels = (enums: SharedEnums): Kernels => ({
  ...Object.fromEntries(enums.names('Comparison').map((name) => [name, compare(name)])),
  ...Object.fromEntries(enums.names('Predicate').map((name) => [name, test(name)])),
  Select: select,
});

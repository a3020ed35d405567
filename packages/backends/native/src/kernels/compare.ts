// Comparisons, logic and selection. C++: cc/compare.cc, whose codes these tables repeat.
import { type TensorInfo, util } from '@tensorflow/tfjs-core';
import { broadcast } from './broadcast.ts';
import { isFloat, type KernelBody, type Kernels, numericTypes, sizeOf } from './kernel.ts';

const comparisons = { Equal: 0, NotEqual: 1, Greater: 2, GreaterEqual: 3, Less: 4, LessEqual: 5 } as const;
const connectives = { LogicalAnd: 6, LogicalOr: 7 } as const;
const tests = { LogicalNot: 0, IsNan: 1, IsInf: 2, IsFinite: 3 } as const;

const compare =
  (code: number): KernelBody =>
  ({ backend, inputs, fallback }) => {
    const { a, b } = inputs as Record<string, TensorInfo>;
    const type = numericTypes.indexOf(a!.dtype);
    if (a!.dtype !== b!.dtype || type < 0) return fallback();
    const call = broadcast(a!, b!);
    if (!call) return fallback();
    const out = backend.output(call.shape, 'bool');
    if (call.size > 0) backend.invoke('Compare', [a, b, out], [code, type, ...call.numbers]);
    return out;
  };

const test =
  (name: string, code: number): KernelBody =>
  ({ backend, inputs, fallback }) => {
    const x = inputs.x!;
    if (name === 'LogicalNot' ? x.dtype !== 'bool' : !isFloat(x)) return fallback();
    const out = backend.output(x.shape, 'bool');
    backend.invoke('Test', [x, out], [code, sizeOf(x.shape)]);
    return out;
  };

const select: KernelBody = ({ backend, inputs, fallback }) => {
  const { condition, t, e } = inputs as Record<string, TensorInfo>;
  const type = t!.dtype;
  const fits = util.arraysEqual(condition!.shape, t!.shape) && util.arraysEqual(t!.shape, e!.shape);
  if (condition!.dtype !== 'bool' || type !== e!.dtype || (type !== 'float32' && type !== 'int32') || !fits) {
    return fallback();
  }
  const out = backend.output(t!.shape, type);
  backend.invoke('Select', [condition, t, e, out], [sizeOf(t!.shape)]);
  return out;
};

const kernelsOf = (codes: Record<string, number>, body: (name: string, code: number) => KernelBody): Kernels =>
  Object.fromEntries(Object.entries(codes).map(([name, code]) => [name, body(name, code)]));

export const compareKernels: Kernels = {
  ...kernelsOf({ ...comparisons, ...connectives }, (_, code) => compare(code)),
  ...kernelsOf(tests, test),
  Select: select,
};

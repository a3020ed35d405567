// Elementwise arithmetic on float32 (cc/elementwise/elementwise.cc) and int32 (cc/elementwise/integer.cc): one kernel of tfjs for
// each name of C++'s enumerations of operations.
import { backend_util } from '@tensorflow/tfjs-core';
import type { SharedEnums } from '../descriptors.ts';
import { type Attributes, numberOf, numbersOf } from './attributes.ts';
import { broadcast, evenNumbers } from './broadcast.ts';
import { inOrder, isFloat, type KernelBody, type KernelCall, type Kernels, required, sizeOf } from './kernel.ts';

/** The two parameters of a unary operation. */
function parameters(operation: string, attrs: Attributes): { first: number; second: number } {
  if (operation === 'ClipByValue') {
    const { clipValueMin, clipValueMax } = attrs;
    return { first: numberOf(clipValueMin, 'clipValueMin'), second: numberOf(clipValueMax, 'clipValueMax') };
  }
  if (operation === 'Selu') return { first: backend_util.SELU_SCALEALPHA, second: backend_util.SELU_SCALE };
  return { first: numberOf(attrs.alpha ?? 0, 'alpha'), second: 0 };
}

const unary =
  (operation: string): KernelBody =>
  ({ backend, inputs, attrs, fallback }) => {
    const { x } = required(inputs, 'x');
    if (!isFloat(x)) return fallback();
    const y = backend.output(x.shape);
    const numbers = { operation, size: sizeOf(x.shape), ...parameters(operation, attrs) };
    backend.invoke('Unary', { x, y }, numbers);
    return y;
  };

const binary =
  (operation: string, takes: { readonly floats: boolean; readonly integers: boolean }): KernelBody =>
  ({ backend, inputs, fallback }: KernelCall) => {
    const { a, b } = required(inputs, 'a', 'b');
    const integers = a.dtype === 'int32' && b.dtype === 'int32';
    const taken = integers ? takes.integers : isFloat(a, b) && takes.floats;
    const call = taken ? broadcast(a, b) : undefined;
    if (!call) return fallback();
    const out = backend.output(call.shape, integers ? 'int32' : 'float32');
    const kernel = integers ? 'BinaryInteger' : 'Binary';
    if (call.size > 0) backend.invoke(kernel, { a, b, out }, { operation, ...call.numbers });
    return out;
  };

/** A binary operator over other inputs' names. */
const renamed =
  (body: KernelBody, nameA: string, nameB: string): KernelBody =>
  (call) =>
    body({ ...call, inputs: { a: call.inputs[nameA]!, b: call.inputs[nameB]! } });

const addN: KernelBody = ({ backend, inputs, fallback }) => {
  const terms = inOrder(inputs);
  if (!isFloat(...terms)) return fallback();
  let sum = terms[0]!;
  if (terms.length === 1) return backend.alias(sum);
  for (const term of terms.slice(1)) {
    const out = backend.output(sum.shape);
    backend.invoke('Binary', { a: sum, b: term, out }, { operation: 'Add', ...evenNumbers(sizeOf(sum.shape)) });
    if (sum !== terms[0]) backend.disposeData(sum.dataId);
    sum = out;
  }
  return sum;
};

const fillWith =
  (value: number): KernelBody =>
  ({ backend, inputs, fallback }) => {
    const { x } = required(inputs, 'x');
    if (!isFloat(x)) return fallback();
    const out = backend.output(x.shape);
    backend.invoke('Fill', { out }, { size: sizeOf(x.shape), value });
    return out;
  };

const fill: KernelBody = ({ backend, attrs, fallback }) => {
  if ((attrs.dtype ?? 'float32') !== 'float32' || typeof attrs.value !== 'number') return fallback();
  const shape = numbersOf(attrs.shape, 'shape');
  const out = backend.output(shape);
  backend.invoke('Fill', { out }, { size: sizeOf(shape), value: attrs.value });
  return out;
};

/** One for each name of `UnaryOperation`, `BinaryOperation` and `IntegerOperation`, and those made of them. */
export function elementwiseKernels(enums: SharedEnums): Kernels {
  const floats = enums.names('BinaryOperation');
  const integers = enums.names('IntegerOperation');
  const ofName = (name: string) => binary(name, { floats: floats.includes(name), integers: integers.includes(name) });
  return {
    ...Object.fromEntries(enums.names('UnaryOperation').map((name) => [name, unary(name)])),
    ...Object.fromEntries([...floats, ...integers].map((name) => [name, ofName(name)])),
    Prelu: renamed(ofName('Prelu'), 'x', 'alpha'),
    EluGrad: renamed(ofName('EluGrad'), 'dy', 'y'),
    // Gradient of ReLU: dy where x > 0. Inputs dy and x (or y, which has the same sign), of one shape.
    ReluGrad: renamed(ofName('ReluGrad'), 'dy', 'x'),
    AddN: addN,
    ZerosLike: fillWith(0),
    OnesLike: fillWith(1),
    Fill: fill,
  };
}

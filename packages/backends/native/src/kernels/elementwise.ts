// Elementwise arithmetic on float32 (cc/elementwise.cc) and int32 (cc/integer.cc), whose operator codes are these.
import { backend_util, type TensorInfo } from '@tensorflow/tfjs-core';
import { broadcast } from './broadcast.ts';
import { isFloat, type KernelBody, type KernelCall, type Kernels, sizeOf } from './kernel.ts';

const unaryCodes = {
  Relu: 0,
  Step: 1,
  Neg: 2,
  Abs: 3,
  Square: 4,
  Sqrt: 5,
  Rsqrt: 6,
  Exp: 7,
  Log: 8,
  Sigmoid: 9,
  Tanh: 10,
  Relu6: 11,
  Reciprocal: 12,
  Sign: 13,
  Floor: 14,
  Ceil: 15,
  Round: 16,
  Log1p: 17,
  Expm1: 18,
  Softplus: 19,
  Elu: 20,
  LeakyRelu: 21,
  Selu: 22,
  ClipByValue: 23,
  Erf: 24,
  Sin: 25,
  Cos: 26,
  Tan: 27,
  Asin: 28,
  Acos: 29,
  Atan: 30,
  Sinh: 31,
  Cosh: 32,
  Asinh: 33,
  Acosh: 34,
  Atanh: 35,
} as const;

const binaryCodes = {
  Add: 0,
  Sub: 1,
  Multiply: 2,
  RealDiv: 3,
  Maximum: 4,
  Minimum: 5,
  SquaredDifference: 6,
  ReluGrad: 7,
  Pow: 8,
  Prelu: 9,
  EluGrad: 10,
  Mod: 12,
  Atan2: 13,
} as const;

const integerCodes: Record<string, number> = {
  Add: 0,
  Sub: 1,
  Multiply: 2,
  Maximum: 4,
  Minimum: 5,
  FloorDiv: 11,
  Mod: 12,
};

/** The two parameters of a unary operator. */
function parameters(name: string, attrs: KernelCall['attrs']): [number, number] {
  if (name === 'ClipByValue') return [attrs.clipValueMin, attrs.clipValueMax];
  if (name === 'Selu') return [backend_util.SELU_SCALEALPHA, backend_util.SELU_SCALE];
  return [attrs.alpha ?? 0, 0];
}

const unary =
  (name: string, code: number): KernelBody =>
  ({ backend, inputs, attrs, fallback }) => {
    const x = inputs.x!;
    if (!isFloat(x)) return fallback();
    const out = backend.output(x.shape);
    backend.invoke('Unary', [x, out], [code, sizeOf(x.shape), ...parameters(name, attrs)]);
    return out;
  };

const binary =
  (floatCode: number | undefined, integerCode: number | undefined): KernelBody =>
  ({ backend, inputs, fallback }: KernelCall) => {
    const { a, b } = inputs as Record<string, TensorInfo>;
    const integers = a!.dtype === 'int32' && b!.dtype === 'int32';
    const code = integers ? integerCode : isFloat(a, b) ? floatCode : undefined;
    const call = code === undefined ? undefined : broadcast(a!, b!);
    if (code === undefined || !call) return fallback();
    const out = backend.output(call.shape, integers ? 'int32' : 'float32');
    if (call.size > 0) backend.invoke(integers ? 'BinaryInteger' : 'Binary', [a, b, out], [code, ...call.numbers]);
    return out;
  };

/** A binary operator over other inputs' names. */
const renamed =
  (body: KernelBody, nameA: string, nameB: string): KernelBody =>
  (call) =>
    body({ ...call, inputs: { a: call.inputs[nameA]!, b: call.inputs[nameB]! } });

const addN: KernelBody = ({ backend, inputs, fallback }) => {
  const terms = Object.values(inputs) as TensorInfo[];
  if (!isFloat(...terms)) return fallback();
  let sum = terms[0]!;
  if (terms.length === 1) return backend.alias(sum);
  for (const term of terms.slice(1)) {
    const out = backend.output(sum.shape);
    backend.invoke('Binary', [sum, term, out], [binaryCodes.Add, 1, sizeOf(sum.shape), 1, 1]);
    if (sum !== terms[0]) backend.disposeData(sum.dataId);
    sum = out;
  }
  return sum;
};

const fillWith =
  (value: number): KernelBody =>
  ({ backend, inputs, fallback }) => {
    const x = inputs.x!;
    if (!isFloat(x)) return fallback();
    const out = backend.output(x.shape);
    backend.invoke('Fill', [out], [sizeOf(x.shape), value]);
    return out;
  };

const fill: KernelBody = ({ backend, attrs, fallback }) => {
  if ((attrs.dtype ?? 'float32') !== 'float32' || typeof attrs.value !== 'number') return fallback();
  const out = backend.output(attrs.shape);
  backend.invoke('Fill', [out], [sizeOf(attrs.shape), attrs.value]);
  return out;
};

const unaryKernels = Object.entries(unaryCodes).map(([name, code]) => [name, unary(name, code)] as const);
const floatCodes: Record<string, number> = binaryCodes;
const binaryKernels: Kernels = Object.fromEntries(
  [...new Set([...Object.keys(floatCodes), ...Object.keys(integerCodes)])].map(
    (name) => [name, binary(floatCodes[name], integerCodes[name])] as const,
  ),
);

export const elementwiseKernels: Kernels = {
  ...Object.fromEntries(unaryKernels),
  ...binaryKernels,
  Prelu: renamed(binaryKernels.Prelu!, 'x', 'alpha'),
  EluGrad: renamed(binaryKernels.EluGrad!, 'dy', 'y'),
  // Gradient of ReLU: dy where x > 0. Inputs dy and x (or y, which has the same sign), of one shape.
  ReluGrad: renamed(binaryKernels.ReluGrad!, 'dy', 'x'),
  AddN: addN,
  ZerosLike: fillWith(0),
  OnesLike: fillWith(1),
  Fill: fill,
};

// Matrix products. C++: cc/gemm/gemm.cc.
import { getKernel, type TensorInfo } from '@tensorflow/tfjs-core';
import { backendName, type NativeBackend } from '../backend.ts';
import type { Attributes } from './attributes.ts';
import { isFloat, type KernelBody, type Kernels, required, single, sizeOf } from './kernel.ts';

/** Applies a fused activation that the kernel itself does not have, as a kernel of its own. */
export function activate(
  backend: NativeBackend,
  x: TensorInfo,
  { activation, leakyreluAlpha }: Attributes,
  alpha: TensorInfo | undefined,
): TensorInfo {
  if (typeof activation !== 'string') throw new Error(`A fused activation has a name; ${activation} is none.`);
  const names: Record<string, string> = {
    relu6: 'Relu6',
    elu: 'Elu',
    sigmoid: 'Sigmoid',
    leakyrelu: 'LeakyRelu',
    prelu: 'Prelu',
  };
  const kernel = getKernel(names[activation] ?? activation, backendName);
  if (!kernel) throw new Error(`Unknown fused activation '${activation}'.`);
  const inputs = activation === 'prelu' ? { x, alpha: alpha! } : { x };
  const result = single(kernel.kernelFunc({ inputs, backend, attrs: { alpha: leakyreluAlpha } }));
  backend.disposeData(x.dataId);
  return result;
}

export const isPlain = (activation: unknown): boolean =>
  activation == null || activation === 'linear' || activation === 'relu';

const matMul: KernelBody = ({ backend, inputs, attrs, fallback }) => {
  const { a, b } = required(inputs, 'a', 'b');
  const { bias, preluActivationWeights } = inputs;
  const transposeA = Boolean(attrs.transposeA);
  const transposeB = Boolean(attrs.transposeB);
  const rankA = a.shape.length;
  const rankB = b.shape.length;
  const [m, k] = transposeA ? [a.shape[rankA - 1]!, a.shape[rankA - 2]!] : [a.shape[rankA - 2]!, a.shape[rankA - 1]!];
  const n = transposeB ? b.shape[rankB - 2]! : b.shape[rankB - 1]!;
  const depthB = transposeB ? b.shape[rankB - 1]! : b.shape[rankB - 2]!;
  const batchA = a.shape.slice(0, -2);
  const batchB = b.shape.slice(0, -2);
  const sizeA = sizeOf(batchA);
  const sizeB = sizeOf(batchB);
  const sameBatch = batchA.length === batchB.length && batchA.every((size, i) => size === batchB[i]);
  const biasFits = !bias || (sizeOf(bias.shape) === n && bias.shape.at(-1) === n);
  if (!isFloat(a, b, bias) || k !== depthB || !biasFits) return fallback();
  if (!sameBatch && sizeA !== 1 && sizeB !== 1) return fallback();
  const batch = sizeA === 1 ? batchB : batchA;
  const padding = Math.max(batchA.length, batchB.length) - batch.length;
  const out = backend.output([...Array<number>(padding).fill(1), ...batch, m, n]);
  const strideA = sizeA === 1 ? 0 : m * k;
  const strideB = sizeB === 1 ? 0 : k * n;
  const relu = attrs.activation === 'relu';
  const numbers = { batch: sizeOf(batch), m, n, k, transposeA, transposeB, strideA, strideB, relu };
  backend.invoke('MatMul', { a, b, bias, out }, numbers);
  return isPlain(attrs.activation) ? out : activate(backend, out, attrs, preluActivationWeights);
};

export const matMulKernels: Kernels = { BatchMatMul: matMul, _FusedMatMul: matMul };

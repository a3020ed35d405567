import type { Network, ParameterArray, ParameterRecord, RandomStream } from '@prunebench/core';
import { type ParameterSpec, parameterSpecs, sizeOf } from '@prunebench/core';

/**
 * Kernel initialization: He et al. 2015 (normal, fan-in, gain 2), Glorot & Bengio 2010 (normal, both fans), or uniform between
 * ±1/√fan-in, which is what PyTorch does where a paper's code asks for nothing.
 */
export const kernelInitializers = ['he-normal', 'glorot-normal', 'fan-in-uniform'] as const;
export type KernelInitializer = (typeof kernelInitializers)[number];

/**
 * Fresh parameters. Every kernel draws from the stream named after it, so that adding a layer changes no other layer's values.
 */
export function initializeParameters(
  network: Network,
  random: RandomStream,
  kernels: KernelInitializer = 'glorot-normal',
): ParameterRecord {
  return Object.fromEntries(
    parameterSpecs(network).map((spec): [string, ParameterArray] => [
      spec.name,
      { shape: spec.shape, values: initialValues(spec, random, kernels) },
    ]),
  );
}

function initialValues(spec: ParameterSpec, random: RandomStream, kernels: KernelInitializer): Float32Array {
  const values = new Float32Array(sizeOf(spec.shape));
  if (spec.role === 'gamma' || spec.role === 'movingVariance') return values.fill(1);
  if (spec.role !== 'kernel') return values;
  const draw = kernelValue(spec, random.fork(spec.name), kernels);
  return values.map(draw);
}

function kernelValue({ fanIn, fanOut }: ParameterSpec, stream: RandomStream, kernels: KernelInitializer): () => number {
  switch (kernels) {
    case 'he-normal':
      return () => stream.normal(0, Math.sqrt(2 / fanIn));
    case 'glorot-normal':
      return () => stream.normal(0, Math.sqrt(2 / (fanIn + fanOut)));
    case 'fan-in-uniform':
      return () => (2 * stream.uniform() - 1) / Math.sqrt(fanIn);
  }
}

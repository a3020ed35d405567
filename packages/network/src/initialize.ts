import {
  type KernelInitializer,
  type Network,
  type ParameterArray,
  type ParameterRecord,
  type ParameterSpec,
  parameterSpecs,
  type RandomStream,
  sizeOf,
} from '@prunebench/core';

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

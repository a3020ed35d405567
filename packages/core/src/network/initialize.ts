import type { ParameterArray, ParameterRecord } from '../parameters.ts';
import type { RandomStream } from '../random.ts';
import type { Network } from './layer.ts';
import { type ParameterSpec, parameterSpecs, sizeOf } from './parameter-specs.ts';

/** Kernel initialization: He et al. 2015 (normal, fan-in, gain 2) or Glorot & Bengio 2010 (normal, both fans). */
export type KernelInitializer = 'he-normal' | 'glorot-normal';

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
  const variance = kernels === 'he-normal' ? 2 / spec.fanIn : 2 / (spec.fanIn + spec.fanOut);
  const stream = random.fork(spec.name);
  for (let i = 0; i < values.length; i++) values[i] = stream.normal(0, Math.sqrt(variance));
  return values;
}

import {
  type Network,
  type ParameterArray,
  type ParameterRecord,
  parameterSpecs,
  randomStream,
  sizeOf,
} from '@prunebench/core';

/** Random values for every parameter, none of them neutral: variances positive, batch-norm scales of both signs. */
export function randomParameters(network: Network, seed = 1): ParameterRecord {
  return Object.fromEntries(
    parameterSpecs(network).map(({ name, role, shape, fanIn }): [string, ParameterArray] => {
      const stream = randomStream(seed, name);
      const values = new Float32Array(sizeOf(shape)).map(() => {
        if (role === 'kernel') return stream.normal(0, Math.sqrt(2 / fanIn));
        if (role === 'movingVariance') return 0.5 + stream.uniform();
        if (role === 'gamma') return (0.5 + stream.uniform()) * (stream.uniform() < 0.25 ? -1 : 1);
        return stream.normal(0, 0.3);
      });
      return [name, { shape, values }];
    }),
  );
}

/** Parameters with the given kernels by layer name, in flat order; all others as after initialization (biases 0). */
export function kernels(network: Network, values: Readonly<Record<string, readonly number[]>>): ParameterRecord {
  return Object.fromEntries(
    parameterSpecs(network).map(({ name, layer, role, shape }): [string, ParameterArray] => {
      if (role !== 'kernel') {
        const neutral = role === 'gamma' || role === 'movingVariance' ? 1 : 0;
        return [name, { shape, values: new Float32Array(sizeOf(shape)).fill(neutral) }];
      }
      const given = values[layer];
      if (given?.length !== sizeOf(shape)) throw new Error(`kernels: ${name} needs ${sizeOf(shape)} values`);
      return [name, { shape, values: Float32Array.from(given) }];
    }),
  );
}

/** The parameters with some values replaced, by name. */
export function withValues(
  parameters: ParameterRecord,
  values: Readonly<Record<string, ArrayLike<number>>>,
): ParameterRecord {
  const replaced = Object.entries(values).map(([name, array]): [string, ParameterArray] => [
    name,
    { shape: parameters[name].shape, values: Float32Array.from(array) },
  ]);
  return { ...parameters, ...Object.fromEntries(replaced) };
}

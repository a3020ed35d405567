import {
  defineNetwork,
  type Layer,
  mixesChannels,
  type Network,
  type ParameterRecord,
  PrunebenchError,
  parameterSpecs,
  type State,
  sizeOf,
} from '@prunebench/core';
import type { NetworkWithState } from './network-with-state.ts';

/** Two matrices whose product stands for a kernel's: [inputs, rank] and [rank, units], row by row. */
export interface Factors {
  readonly rank: number;
  readonly first: ArrayLike<number>;
  readonly second: ArrayLike<number>;
}

/**
 * The network with two layers in place of one: a dense layer [n, m] becomes [n, rank] and [rank, m]; a convolution one with `rank`
 * filters of its window, and one of 1 x 1. The first is called "<layer>-basis" and has no bias, the second keeps name and bias. The
 * outputs are those of a kernel that is the product of the two; what was masked of the kernel is not any more.
 *
 * @throws PrunebenchError for a layer without a kernel, one with groups, and factors of other sizes
 */
export function factorise(
  network: Network,
  state: State,
  layer: string,
  { rank, first, second }: Factors,
): NetworkWithState {
  const fault = (what: string, remedy: string) =>
    new PrunebenchError(`Layer ${layer} of network ${network.name} cannot be cut in two: ${what}.`, { remedy });
  const whole = network.layers.find(({ name }) => name === layer);
  if (!whole || !mixesChannels(whole)) throw fault('it is no convolution or dense layer', 'Name one that is.');
  if (whole.kind === 'conv2d' && whole.groups > 1)
    throw fault('its filters see channels of their own group', 'Name another.');
  const { shape } = state.parameters[`${layer}/kernel`];
  const units = shape[shape.length - 1];
  const inputs = sizeOf(shape) / units;
  if (!(rank >= 1) || first.length !== inputs * rank || second.length !== rank * units)
    throw fault(
      `factors of ${first.length} and ${second.length} numbers are not [${inputs}, ${rank}] and [${rank}, ${units}]`,
      'Give matrices that fit.',
    );
  const basis = `${layer}-basis`;
  const halves: readonly Layer[] =
    whole.kind === 'dense'
      ? [
          { ...whole, name: basis, units: rank, useBias: false },
          { ...whole, inputs: [basis] },
        ]
      : [
          { ...whole, name: basis, filters: rank, useBias: false },
          { ...whole, inputs: [basis], kernelSize: [1, 1], strides: [1, 1], dilation: [1, 1], padding: 'valid' },
        ];
  const { [`${layer}/kernel`]: _, ...masks } = state.masks;
  const parameters: ParameterRecord = {
    ...state.parameters,
    [`${basis}/kernel`]: { shape: [...shape.slice(0, -1), rank], values: Float32Array.from(first) },
    [`${layer}/kernel`]: {
      shape: whole.kind === 'dense' ? [rank, units] : [1, 1, rank, units],
      values: Float32Array.from(second),
    },
  };
  const cut = defineNetwork({
    ...network,
    layers: network.layers.flatMap((each) => (each === whole ? halves : [each])),
  });
  const inOrder = parameterSpecs(cut).map(({ name }) => [name, parameters[name]]);
  return { network: cut, state: { parameters: Object.fromEntries(inOrder), masks } };
}

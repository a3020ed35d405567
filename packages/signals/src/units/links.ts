import { type Conv2d, consumers, type Dense, type Network } from '@prunebench/core';

/** A dense layer or convolution that reads the units of another layer. */
export interface Link {
  readonly reader: Conv2d | Dense;
  /** Which of the read units the weight at `flat` of the reader's kernel is multiplied with. */
  unitOf(flat: number): number;
}

/**
 * The layers that read the `units` output units (neurons, filters) of `layer`, through everything on the way that keeps
 * units apart: batch norm, activation, pooling, flatten, dropout.
 */
export function outgoingLinks(network: Network, layer: string, units: number): readonly Link[] {
  return consumers(network, layer).flatMap((reader): readonly Link[] => {
    switch (reader.kind) {
      case 'dense':
        // After flatten, feature f belongs to channel f mod C; without it, C is the number of features.
        return [{ reader, unitOf: (flat) => Math.floor(flat / reader.units) % units }];
      case 'conv2d':
        return [{ reader, unitOf: inputChannel(reader, units) }];
      case 'add':
      case 'subsamplePad':
        throw new Error(
          `outgoingLinks: the units of ${layer} meet others in ${reader.name}, they cannot be told apart`,
        );
      default:
        return outgoingLinks(network, reader.name, units);
    }
  });
}

/** Kernels are [height, width, channels / groups, filters]: a filter of group g sees the channels of group g alone. */
function inputChannel({ filters, groups }: Conv2d, channels: number): (flat: number) => number {
  const channelsPerGroup = channels / groups;
  const filtersPerGroup = filters / groups;
  return (flat) => {
    const group = Math.floor((flat % filters) / filtersPerGroup);
    return group * channelsPerGroup + (Math.floor(flat / filters) % channelsPerGroup);
  };
}

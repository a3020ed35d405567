import {
  type Groups,
  groupMasks,
  groupsOf,
  type Masks,
  type Network,
  parameterSpecs,
  type RandomStream,
  sizeOf,
} from '@prunebench/core';
import { intersect } from '@prunebench/core/masks';

/** Groups of the kind that stay, each with probability `density`. */
export function randomGroups(groups: Groups, density: number, random: RandomStream): Masks {
  return groupMasks(
    groups,
    Uint8Array.from({ length: groups.count }, () => (random.uniform() < density ? 1 : 0)),
  );
}

/** Single entries of all trained parameters, or of the kernels alone. */
export function randomEntries(network: Network, density: number, random: RandomStream, onlyKernels: boolean): Masks {
  return Object.fromEntries(
    parameterSpecs(network)
      .filter(({ trainable, prunable }) => (onlyKernels ? prunable : trainable))
      .map(({ name, shape }) => [
        name,
        Uint8Array.from({ length: sizeOf(shape) }, () => (random.uniform() < density ? 1 : 0)),
      ]),
  );
}

/** Kernel columns alone: units that become constants, by their biases and batch norms. */
export function randomColumns(network: Network, density: number, random: RandomStream): Masks {
  const kernels = parameterSpecs(network).filter(({ prunable }) => prunable);
  return Object.fromEntries(
    kernels.slice(0, -1).map(({ name, shape }) => {
      const units = shape[shape.length - 1];
      const kept = Array.from({ length: units }, () => (random.uniform() < density ? 1 : 0));
      return [name, Uint8Array.from({ length: sizeOf(shape) }, (_, i) => kept[i % units])];
    }),
  );
}

/** Masks of one of the kinds that pruning makes, or of several at once. */
export function randomMasks(network: Network, random: RandomStream): Masks {
  const density = [0.15, 0.4, 0.7][random.integer(3)];
  const kinds = [
    () => randomGroups(groupsOf(network, 'unit'), density, random),
    () => randomGroups(groupsOf(network, 'channel'), density, random),
    () => randomGroups(groupsOf(network, 'row'), density, random),
    () => randomGroups(groupsOf(network, 'block'), density, random),
    () => randomColumns(network, density, random),
    () => randomEntries(network, density, random, true),
    () => randomEntries(network, density, random, false),
  ];
  const one = kinds[random.integer(kinds.length)]();
  return random.uniform() < 0.3 ? intersect(one, kinds[random.integer(kinds.length)]()) : one;
}

import type { Masks, Network } from '@prunebench/core';
import { unitKernels } from './kernels.ts';
import { outgoingLinks } from './links.ts';

/** Tells whether the weight at `flat` of the layer's kernel reads a unit whose own kernel is masked as a whole. */
export function readsRemovedUnit(network: Network, masks: Masks, layer: string): (flat: number) => boolean {
  const sources = unitKernels(network).flatMap((source) => {
    const mask = masks[source.name];
    if (!mask) return [];
    const left = unitsLeft(mask, source.units);
    return outgoingLinks(network, source.layer, source.units)
      .filter(({ reader }) => reader.name === layer)
      .map(
        ({ unitOf }) =>
          (flat: number) =>
            left[unitOf(flat)] === 0,
      );
  });
  return (flat) => sources.some((isRemoved) => isRemoved(flat));
}

/** 1 for the units that have a weight left. */
function unitsLeft(mask: Uint8Array, units: number): Uint8Array {
  const left = new Uint8Array(units);
  mask.forEach((bit, flat) => {
    left[flat % units] |= bit;
  });
  return left;
}

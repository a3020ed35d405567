import { type Network, prunableSpecs, prunableUnits, type Scores } from '@prunebench/core';

/** A kernel whose output units may be removed. */
export interface UnitKernel {
  /** "conv1/kernel" */
  readonly name: string;
  /** "conv1" */
  readonly layer: string;
  /** Number of neurons or filters: the kernel's last dimension. */
  readonly units: number;
}

/** The kernels whose output units may be removed, in layer order. */
export function unitKernels(network: Network): readonly UnitKernel[] {
  const removable = new Set(prunableUnits(network));
  return prunableSpecs(network)
    .filter(({ name }) => removable.has(name))
    .map(({ name, layer, shape }) => ({ name, layer, units: shape.at(-1)! }));
}

/** Scores [units] of every kernel whose units may be removed. */
export function scoreUnits(network: Network, score: (kernel: UnitKernel) => Float64Array): Scores {
  return Object.fromEntries(unitKernels(network).map((kernel) => [kernel.name, score(kernel)]));
}

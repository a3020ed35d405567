import { PrunebenchError } from '../errors.ts';
import type { Network } from '../graph/layer.ts';
import { prunableSpecs, sizeOf } from '../graph/parameter-specs.ts';
import type { Allocation } from './prune-options.ts';

/** A layer that takes part in a layer-wise allocation. */
export interface Share {
  /** kernel name */
  readonly name: string;
  /** The kernel's shape, from which ERK takes its raw density. */
  readonly shape: readonly number[];
  /** How many weights (or units) it has. */
  readonly size: number;
}

/**
 * The density of every prunable kernel, so that all of them together have density 1 - `sparsity`.
 *
 * - `uniform`: the same for all.
 * - `erk` (Evci et al. 2020, section 3; Mocanu et al. 2018 for dense layers): proportional to the sum of the kernel's
 *   dimensions over their product; layers that would exceed 1 are dense and the factor is solved again for the others.
 * - a list by kernel name is checked and returned.
 *
 * @throws PrunebenchError when the list does not fit the network or the sparsity
 */
export function allocate(network: Network, sparsity: number, allocation: Allocation): Record<string, number> {
  const shares = prunableSpecs(network).map(({ name, shape }) => ({ name, shape, size: sizeOf(shape) }));
  return allocateAmong(shares, sparsity, allocation, network.name);
}

/** `allocate` for any list of competing layers; unit pruning counts in units, not weights. */
export function allocateAmong(
  shares: readonly Share[],
  sparsity: number,
  allocation: Allocation,
  networkName: string,
): Record<string, number> {
  if (allocation === 'uniform') return Object.fromEntries(shares.map(({ name }) => [name, 1 - sparsity]));
  if (allocation === 'erk') return erdosRenyiKernel(shares, sparsity);
  return checkedList(shares, sparsity, allocation, networkName);
}

/** Density of layer l = min(1, epsilon * sum(shape) / product(shape)), with epsilon from the common budget. */
function erdosRenyiKernel(shares: readonly Share[], sparsity: number): Record<string, number> {
  const raw = shares.map(({ shape }) => shape.reduce((sum, size) => sum + size, 0) / sizeOf(shape));
  const budget = (1 - sparsity) * total(shares);
  const dense = new Set<number>();
  for (;;) {
    const free = shares.map((_, l) => l).filter((l) => !dense.has(l));
    if (free.length === 0) break;
    const spent = shares.reduce((sum, { size }, l) => (dense.has(l) ? sum + size : sum), 0);
    const epsilon = (budget - spent) / free.reduce((sum, l) => sum + raw[l] * shares[l].size, 0);
    const largest = free.reduce((max, l) => Math.max(max, raw[l]), 0);
    if (epsilon * largest <= 1)
      return Object.fromEntries(shares.map(({ name }, l) => [name, dense.has(l) ? 1 : epsilon * raw[l]]));
    for (const l of free) if (raw[l] === largest) dense.add(l);
  }
  return Object.fromEntries(shares.map(({ name }) => [name, 1]));
}

function checkedList(
  shares: readonly Share[],
  sparsity: number,
  densities: Readonly<Record<string, number>>,
  networkName: string,
): Record<string, number> {
  const names = shares.map(({ name }) => name);
  const unknown = Object.keys(densities).filter((name) => !names.includes(name));
  const missing = names.filter((name) => !Object.hasOwn(densities, name));
  if (unknown.length > 0 || missing.length > 0)
    throw new PrunebenchError(
      `The allocation does not fit network ${networkName}: ` +
        [
          unknown.length > 0 ? `unknown ${unknown.join(', ')}` : '',
          missing.length > 0 ? `missing ${missing.join(', ')}` : '',
        ]
          .filter(Boolean)
          .join('; '),
      { remedy: `List one density for each of ${names.join(', ')}.` },
    );
  const outside = names.filter((name) => !(densities[name] >= 0 && densities[name] <= 1));
  if (outside.length > 0)
    throw new PrunebenchError(`The allocation's density for ${outside.join(', ')} is not in [0, 1].`, {
      remedy: 'A density is the share of a kernel that is kept.',
    });
  const kept = shares.reduce((sum, { name, size }) => sum + densities[name] * size, 0);
  // Rounding every layer to whole weights may move the sum by half a weight each; more is another sparsity.
  if (Math.abs(kept - (1 - sparsity) * total(shares)) > Math.max(1, shares.length / 2))
    throw new PrunebenchError(
      `The listed densities make a sparsity of ${1 - kept / total(shares)}, but ${sparsity} was asked for.`,
      { remedy: 'Ask for the sparsity that the densities make, or change the densities.' },
    );
  return Object.fromEntries(names.map((name) => [name, densities[name]]));
}

/**
 * Whole numbers that add up to `sum` and lie as near to `quotas` as possible (largest remainder; ties go to the earlier
 * one), none above its entry in `limits`.
 *
 * @throws RangeError when the limits leave no room for `sum`
 */
export function largestRemainder(quotas: readonly number[], sum: number, limits: readonly number[]): number[] {
  // A quota that is whole but for rounding (0.1 * 30 = 3.0000000000000004) counts as whole.
  const counts = quotas.map((quota, l) => Math.min(limits[l], Math.floor(quota + 1e-9 * Math.max(1, quota))));
  let left = sum - counts.reduce((a, b) => a + b, 0);
  const direction = Math.sign(left);
  for (; left !== 0; left -= direction) {
    let best = -1;
    for (let l = 0; l < quotas.length; l++) {
      const room = direction > 0 ? counts[l] < limits[l] : counts[l] > 0;
      if (room && (best < 0 || direction * (quotas[l] - counts[l]) > direction * (quotas[best] - counts[best])))
        best = l;
    }
    if (best < 0) throw new RangeError(`largestRemainder: ${sum} cannot be reached within the limits`);
    counts[best] += direction;
  }
  return counts;
}

function total(shares: readonly Share[]): number {
  return shares.reduce((sum, { size }) => sum + size, 0);
}

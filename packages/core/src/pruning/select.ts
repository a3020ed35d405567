import { LayerCollapseError, PrunebenchError } from '../errors.ts';
import type { Network } from '../graph/layer.ts';
import { type ParameterSpec, prunableSpecs, sizeOf } from '../graph/parameter-specs.ts';
import { liveUnits, prunableUnits, unitMasks } from '../graph/units.ts';
import type { Masks, Scores } from '../parameters.ts';
import { allocateAmong, largestRemainder } from './allocation.ts';
import { checkMasks } from './check-masks.ts';
import { checkScores, scoredKernels } from './check-scores.ts';
import { excludedKernels, unreachable } from './exclude.ts';
import { type Contestants, lowest } from './lowest.ts';
import { collapsedLayers, intersect } from './masks.ts';
import type { Allocation, Granularity, Scope } from './prune-options.ts';

export interface SelectOptions {
  /** What is pruned already: never revived, never competing, counted as removed. */
  readonly masks?: Masks;
  /** Cumulative share of the prunable weights (granularity `weight`) or prunable units (`unit`) that is removed afterwards; [0, 1). */
  readonly sparsity: number;
  /** Default `global`. */
  readonly scope?: Scope;
  /** Scope `layerwise` only; default `uniform`. */
  readonly allocation?: Allocation;
  /** Default `weight`. */
  readonly granularity?: Granularity;
  /** Kernels that neither compete nor lose anything; their weights (or units) count in what `sparsity` is a share of. Default: none. */
  readonly exclude?: readonly string[];
  /** Default false: emptying a kernel is an error. */
  readonly allowLayerCollapse?: boolean;
  /** Whose scores they are, as messages call it: "Criterion snip". */
  readonly by?: string;
}

/** The competitors of one kernel, one per weight or unit; `removeLowest` clears the losers in `alive` in place. */
interface Candidates extends Contestants {
  readonly spec: ParameterSpec;
}

/**
 * Decides which weights (or output units) stay: the only place that ranks and thresholds.
 *
 * Exactly round(sparsity * n) of the n prunable weights or units are removed in total. The lowest scores go first; among
 * equal scores the earlier layer, and inside a layer the lower flat index, goes first. In scope `layerwise` every kernel
 * removes its own share (`allocate`, whole numbers by largest remainder). In granularity `unit` the scores have one entry
 * per output unit of each kernel in `prunableUnits(network)`, and the masks clear everything `unitMasks` names. Kernels in `exclude`
 * keep what they have: the others lose as much more as it takes, also where every layer has its share.
 *
 * @returns masks for every prunable kernel, and all that `options.masks` held
 * @throws LayerCollapseError when a kernel would lose its last weight and that is not allowed
 * @throws PrunebenchError for scores that do not fit the network or are not finite (see `checkScores`), and for a sparsity that is
 *   outside [0, 1) or cannot be reached from `options.masks`, or without what `options.exclude` names
 */
export function select(network: Network, scores: Scores, options: SelectOptions): Masks {
  const { masks = {}, scope = 'global', allocation = 'uniform', granularity = 'weight' } = options;
  checkMasks(network, masks);
  if (granularity === 'unit') refuseWithoutUnits(network);
  checkScores(network, scores, granularity, { by: options.by });
  const candidates = candidatesOf(network, scores, masks, granularity);
  const kept = keptTotal(candidates, options.sparsity, granularity);
  const excluded = excludedKernels(network, options.exclude ?? []);
  const competing = candidates.filter(({ spec }) => !excluded.includes(spec.name));
  const share = shareOfCompeting(candidates, competing, kept, options);
  if (scope === 'global') removeLowest(competing, total(competing, alive) - share.kept);
  else {
    const counts = keptCounts(network, competing, share.kept, share.sparsity, allocation);
    if (!options.allowLayerCollapse)
      refuseEmpty(
        competing.filter((_, l) => counts[l] === 0).map(({ spec }) => spec.name),
        options.sparsity,
      );
    for (const [l, candidate] of competing.entries()) removeLowest([candidate], alive(candidate) - counts[l]);
  }
  const result = granularity === 'unit' ? expandUnits(network, candidates, masks) : withKernels(masks, candidates);
  if (!options.allowLayerCollapse) refuseEmpty(collapsedLayers(network, result), options.sparsity);
  return result;
}

function withKernels(masks: Masks, kernels: readonly Candidates[]): Masks {
  return { ...masks, ...Object.fromEntries(kernels.map(({ spec, alive }) => [spec.name, alive])) };
}

function expandUnits(network: Network, units: readonly Candidates[], masks: Masks): Masks {
  const dense = prunableSpecs(network).map(({ name, shape }) => [name, new Uint8Array(sizeOf(shape)).fill(1)]);
  return units.reduce<Masks>((all, { spec, alive }) => intersect(all, unitMasks(network, spec.name, alive)), {
    ...Object.fromEntries(dense),
    ...masks,
  });
}

function candidatesOf(network: Network, scores: Scores, masks: Masks, granularity: Granularity): Candidates[] {
  return scoredKernels(network, granularity).map((spec) => {
    const { name, shape } = spec;
    const alive =
      granularity === 'unit'
        ? liveUnits(shape, masks[name])
        : (masks[name]?.slice() ?? new Uint8Array(sizeOf(shape)).fill(1));
    return { spec, scores: scores[name], alive };
  });
}

function refuseWithoutUnits(network: Network): void {
  if (prunableUnits(network).length > 0) return;
  throw new PrunebenchError(`Network ${network.name} has no unit that could be removed on its own.`, {
    remedy: 'Use granularity "weight" for this network.',
  });
}

function keptTotal(candidates: readonly Candidates[], sparsity: number, granularity: Granularity): number {
  if (!(sparsity >= 0 && sparsity < 1))
    throw new PrunebenchError(`A sparsity of ${sparsity} is not in [0, 1).`, {
      remedy: 'Give the share that is removed in total, for example 0.9.',
    });
  const size = total(candidates, ({ alive }) => alive.length);
  const kept = size - Math.round(sparsity * size);
  const available = total(candidates, alive);
  if (kept > available)
    throw new PrunebenchError(
      `A sparsity of ${sparsity} cannot be reached: ${size - available} of ${size} ${granularity}s (${(1 - available / size).toFixed(4)}) are removed already.`,
      { remedy: 'Sparsities are cumulative and pruned weights stay pruned: ask for more than what is removed.' },
    );
  if (kept === 0)
    throw new PrunebenchError(`A sparsity of ${sparsity} removes every one of the ${size} prunable ${granularity}s.`, {
      remedy: 'Ask for less, or for another granularity if the network has nothing to prune at this one.',
    });
  return kept;
}

/** How many of the competitors stay, so that `kept` stay in all, and the sparsity that this is for them. */
function shareOfCompeting(
  candidates: readonly Candidates[],
  competing: readonly Candidates[],
  kept: number,
  { sparsity, granularity = 'weight' }: SelectOptions,
): { readonly kept: number; readonly sparsity: number } {
  if (competing.length === candidates.length) return { kept, sparsity };
  const left = kept - (total(candidates, alive) - total(competing, alive));
  const size = total(competing, ({ alive }) => alive.length);
  if (left > 0) return { kept: left, sparsity: 1 - left / size };
  throw unreachable(
    sparsity,
    size,
    total(candidates, ({ alive }) => alive.length),
    granularity,
  );
}

/** How many each kernel keeps; the sum is `kept`. */
function keptCounts(
  network: Network,
  candidates: readonly Candidates[],
  kept: number,
  sparsity: number,
  allocation: Allocation,
): number[] {
  const shares = candidates.map(({ spec, alive }) => ({ name: spec.name, shape: spec.shape, size: alive.length }));
  const densities = allocateAmong(shares, sparsity, allocation, network.name);
  const quotas = shares.map(({ name, size }) => densities[name] * size);
  const limits = candidates.map(alive);
  // One weight is rounding (a kernel rounded down in an earlier round); more was removed by another rule.
  const short = shares.filter((_, l) => limits[l] < Math.floor(quotas[l]) - 1);
  if (short.length > 0)
    throw new PrunebenchError(
      `A sparsity of ${sparsity} cannot be reached layer by layer: already sparser than their share are ${short.map(({ name }) => name).join(', ')}.`,
      { remedy: 'Use the scope and allocation of the earlier pruning rounds, or a higher sparsity.' },
    );
  return largestRemainder(quotas, kept, limits);
}

/** Clears the `count` lowest-scored live candidates over all of `candidates`. */
function removeLowest(candidates: readonly Candidates[], count: number): void {
  if (count === 0) return;
  const { threshold, below } = lowest(candidates, count);
  let ties = count - below;
  for (const { scores, alive } of candidates)
    for (let i = 0; i < scores.length; i++) {
      // No branch on who loses: that is unpredictable, and a branch for each costs several times as much.
      alive[i] &= +(scores[i] >= threshold);
      if (scores[i] === threshold && alive[i] !== 0 && ties-- > 0) alive[i] = 0;
    }
}

function alive({ alive }: Candidates): number {
  let count = 0;
  for (let i = 0; i < alive.length; i++) count += alive[i];
  return count;
}

function total(candidates: readonly Candidates[], value: (candidate: Candidates) => number): number {
  return candidates.reduce((sum, candidate) => sum + value(candidate), 0);
}

function refuseEmpty(layers: readonly string[], sparsity: number): void {
  if (layers.length > 0) throw new LayerCollapseError(layers, sparsity);
}

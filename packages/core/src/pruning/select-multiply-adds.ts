import { costOf } from '../cost/cost.ts';
import { PrunebenchError } from '../errors.ts';
import type { Network } from '../graph/layer.ts';
import { sizeOf } from '../graph/parameter-specs.ts';
import { liveUnits } from '../graph/units.ts';
import type { Masks, Scores } from '../parameters.ts';
import { scoredKernels } from './check-scores.ts';
import { excludedKernels } from './exclude.ts';
import { countKept } from './masks.ts';
import type { Granularity } from './prune-options.ts';
import { type SelectOptions, select } from './select.ts';

/** A sum of products that is whole but for rounding counts as whole. */
const ROUNDING = 1e-12;

/**
 * As `select`, up to a share of the multiply-adds: removes the fewest weights (or units), the lowest scores first, that leave at most
 * 1 - `options.sparsity` of the dense network's (`costOf`). In scope `layerwise` every kernel has its share at whatever number that is.
 *
 * @throws PrunebenchError as `select` does, and where even one weight (or unit) that competes would leave more
 * @throws LayerCollapseError as `select` does
 */
export function selectByMultiplyAdds(network: Network, scores: Scores, options: SelectOptions): Masks {
  const { masks = {}, sparsity: share, granularity = 'weight', exclude = [] } = options;
  const { size, removed, most } = numbers(network, masks, granularity, exclude);
  const allowed = (1 - share) * costOf(network).multiplyAdds.dense * (1 + ROUNDING);
  const without = (count: number, over: Partial<SelectOptions> = {}) =>
    select(network, scores, { ...options, sparsity: size === 0 ? 0 : count / size, ...over });
  // What collapses on the way to the answer is no answer.
  const left = (count: number) => costOf(network, without(count, { allowLayerCollapse: true })).multiplyAdds.remaining;
  if (left(removed) <= allowed) return without(removed);
  if (most <= removed || left(most) > allowed) throw tooFew(network, share, Math.max(most, removed), left);
  let [low, high] = [removed, most];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (left(middle) <= allowed) high = middle;
    else low = middle;
  }
  return without(high);
}

/** How many weights or units there are, are removed, and may be removed at most with what competes. */
function numbers(network: Network, masks: Masks, granularity: Granularity, exclude: readonly string[]) {
  const excluded = excludedKernels(network, exclude);
  const kernels = scoredKernels(network, granularity).map(({ name, shape }) => {
    const size = granularity === 'unit' ? shape[shape.length - 1] : sizeOf(shape);
    const mask = granularity === 'unit' ? liveUnits(shape, masks[name]) : masks[name];
    return { size, kept: mask ? countKept(mask) : size, competes: !excluded.includes(name) };
  });
  const sum = (value: (kernel: (typeof kernels)[number]) => number) =>
    kernels.reduce((all, each) => all + value(each), 0);
  const size = sum((kernel) => kernel.size);
  const untouched = sum(({ kept, competes }) => (competes ? 0 : kept));
  return { size, removed: size - sum(({ kept }) => kept), most: size - untouched - 1 };
}

function tooFew(network: Network, share: number, count: number, left: (count: number) => number): PrunebenchError {
  const least = left(count) / costOf(network).multiplyAdds.dense;
  return new PrunebenchError(
    `${formatted(1 - share)} of the multiply-adds of network ${network.name} cannot be reached: at least ${formatted(least)} is left.`,
    { remedy: 'Ask for more to be left, or leave fewer layers out of pruning.' },
  );
}

function formatted(share: number): string {
  return String(Number(share.toPrecision(4)));
}

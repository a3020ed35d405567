import { PrunebenchError } from '../errors.ts';
import type { Network } from '../graph/layer.ts';
import { prunableSpecs, sizeOf } from '../graph/parameter-specs.ts';
import type { Granularity } from './prune-options.ts';

/** Short for the layer next to the input, and for the one that gives the output. */
const ENDS = ['first', 'last'];

/**
 * The kernels of layers that pruning leaves out, each once, in layer order.
 *
 * @param exclude names of layers with a kernel ("conv1") or of kernels ("conv1/kernel"), "first" and "last"
 * @throws PrunebenchError listing the layers for a name that is none of them, and where no layer would be left to prune
 */
export function excludedKernels(network: Network, exclude: readonly string[]): string[] {
  const kernels = prunableSpecs(network);
  const named = (name: string) => {
    const index = kernels.findIndex(({ name: kernel, layer }) => layer === name || kernel === name);
    return index < 0 && ENDS.includes(name) ? (name === 'first' ? 0 : kernels.length - 1) : index;
  };
  const indices = new Set(exclude.map(named));
  const unknown = exclude.filter((name) => named(name) < 0);
  if (unknown.length > 0)
    throw new PrunebenchError(
      `Network ${network.name} has no layer ${unknown.map((name) => `"${name}"`).join(', ')} that could be left out of pruning.`,
      {
        remedy: `Its layers with weights to prune: ${kernels.map(({ layer }) => layer).join(', ')}; or first and last.`,
      },
    );
  if (indices.size === kernels.length && kernels.length > 0)
    throw new PrunebenchError(`All layers of network ${network.name} are left out of pruning.`, {
      remedy: `Leave at least one of ${kernels.map(({ layer }) => layer).join(', ')} to prune.`,
    });
  return kernels.filter((_, index) => indices.has(index)).map(({ name }) => name);
}

/**
 * For a share of all weights that the layers which are not left out would have to lose.
 *
 * @param excluded what `excludedKernels` gives
 * @throws PrunebenchError where these layers have too few
 */
export function refuseUnreachable(network: Network, excluded: readonly string[], sparsity: number): void {
  if (excluded.length === 0) return;
  const sizes = prunableSpecs(network).map(({ name, shape }) => ({ name, size: sizeOf(shape) }));
  const all = sizes.reduce((sum, { size }) => sum + size, 0);
  const competing = sizes.reduce((sum, { name, size }) => (excluded.includes(name) ? sum : sum + size), 0);
  if (Math.round(sparsity * all) >= competing) throw unreachable(sparsity, competing, all, 'weight');
}

/** The error for a sparsity that needs more than `competing` of `all` weights or units. */
export function unreachable(
  sparsity: number,
  competing: number,
  all: number,
  granularity: Granularity,
): PrunebenchError {
  const most = Math.max(0, Math.floor(((competing - 1) / all) * 1e4) / 1e4);
  return new PrunebenchError(
    `A sparsity of ${sparsity} cannot be reached without the layers that are left out: the others have ${competing} of ${all} ${granularity}s.`,
    { remedy: `Ask for less than ${most}, or leave fewer layers out.` },
  );
}

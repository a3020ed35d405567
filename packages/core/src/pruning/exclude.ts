import { PrunebenchError } from '../errors.ts';
import type { Network } from '../graph/layer.ts';
import { prunableSpecs } from '../graph/parameter-specs.ts';

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

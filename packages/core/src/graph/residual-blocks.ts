import { INPUT, type Layer, type Network } from './layer.ts';
import { mixesChannels } from './units.ts';

/** One of the two ways from where they part to an addition. */
export interface Branch {
  /** Name of the addition. */
  readonly addition: string;
  /** The layer (or `INPUT`) on this way that the addition reads, and the one on the other way. */
  readonly end: string;
  readonly shortcut: string;
  /** Names of the layers that are on this way alone, in order; none of the other way. */
  readonly layers: readonly string[];
}

/** For every addition the branch with more kernels (of two alike, the one that it reads first): what a residual network can do without. */
export function branches(network: Network): readonly Branch[] {
  const byName = new Map(network.layers.map((layer) => [layer.name, layer]));
  const before = (name: string, found = new Set<string>()): ReadonlySet<string> => {
    const layer = byName.get(name);
    if (!layer || found.has(name)) return found;
    found.add(name);
    for (const input of layer.inputs) before(input, found);
    return found;
  };
  const kernels = (names: readonly string[]) => names.filter((name) => mixesChannels(byName.get(name)!)).length;
  return network.layers.flatMap((layer): Branch[] => {
    if (layer.kind !== 'add' || layer.inputs[0] === layer.inputs[1]) return [];
    const [one, other] = layer.inputs.map((end, i) => {
      const shared = before(layer.inputs[1 - i]);
      const own = before(end);
      const layers = network.layers.map(({ name }) => name).filter((name) => own.has(name) && !shared.has(name));
      return { addition: layer.name, end, shortcut: layer.inputs[1 - i], layers };
    });
    const longer = kernels(other.layers) > kernels(one.layers) ? other : one;
    return kernels(longer.layers) > 0 ? [longer] : [];
  });
}

/**
 * The network without what leads to one side of an addition: what read the sum reads the other side.
 *
 * @param end the layer (or `INPUT`) that the addition reads on the side that goes
 */
export function withoutBranch(network: Network, addition: string, end: string): Network {
  const sum = network.layers.find(({ name }) => name === addition);
  if (sum?.kind !== 'add' || !sum.inputs.includes(end))
    throw new Error(`withoutBranch: ${network.name} has no addition ${addition} that reads ${end}`);
  const stays = sum.inputs[0] === end ? sum.inputs[1] : sum.inputs[0];
  const last = network.layers[network.layers.length - 1].name;
  const output = last === addition ? stays : last;
  const layers = network.layers
    .filter(({ name }) => name !== addition)
    .map((layer): Layer => ({ ...layer, inputs: layer.inputs.map((name) => (name === addition ? stays : name)) }));
  return { ...network, layers: readLayers(layers, output) };
}

/** The layers that lead to `output`, which must be the last of them. */
function readLayers(layers: readonly Layer[], output: string): readonly Layer[] {
  const read = new Set([output]);
  for (const layer of layers.toReversed()) if (read.has(layer.name)) for (const input of layer.inputs) read.add(input);
  read.delete(INPUT);
  return layers.filter(({ name }) => read.has(name));
}

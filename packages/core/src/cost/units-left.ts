import type { Conv2d, Dense, Network } from '../graph/layer.ts';
import { eachRun } from '../graph/live-channels.ts';
import { weightsOnPaths } from '../graph/live-weights.ts';
import { prunableSpecs } from '../graph/parameter-specs.ts';
import { inferShapes } from '../graph/shape.ts';
import { liveUnits } from '../graph/units.ts';
import type { Masks } from '../parameters.ts';
import { checkMasks } from '../pruning/check-masks.ts';
import { countKept } from '../pruning/masks.ts';

/** How many there are, and how many of them are left. */
export interface Left {
  readonly total: number;
  readonly remaining: number;
}

/** What is left of one layer with a kernel. */
export interface LayerUnits {
  /** kernel name */
  readonly name: string;
  readonly kind: 'conv2d' | 'dense';
  /** Channels or features that it reads. */
  readonly inputs: Left;
  /** Filters or neurons. */
  readonly units: Left;
}

/**
 * The architecture that masks leave, a layer with a kernel each, in layer order: what papers write as "434-174-78". A unit is left where
 * some weight that feeds it lies on a path from the network's input to its output, an input where some weight that reads it does: the
 * weights that `Cost.effective` counts. So a unit that no weight feeds (a constant, by its bias) or that nobody reads is not.
 *
 * @throws PrunebenchError for masks that do not fit the network
 */
export function unitsLeft(network: Network, masks: Masks = {}): LayerUnits[] {
  checkMasks(network, masks);
  const onPaths = weightsOnPaths(network, { masks });
  const shapes = inferShapes(network);
  const kernels = new Map(prunableSpecs(network).map((spec) => [spec.layer, spec]));
  return network.layers.flatMap((layer): LayerUnits[] => {
    const kernel = kernels.get(layer.name);
    if (!kernel || (layer.kind !== 'conv2d' && layer.kind !== 'dense')) return [];
    const { name, shape } = kernel;
    const [channels] = shapes.get(layer.inputs[0])!.slice(-1);
    return [
      {
        name,
        kind: layer.kind,
        inputs: left(readInputs(layer, shape, onPaths[name], channels)),
        units: left(liveUnits(shape, onPaths[name])),
      },
    ];
  });
}

function left(kept: Uint8Array): Left {
  return { total: kept.length, remaining: countKept(kept) };
}

/** 1 for every input channel that a weight reads which is marked. */
function readInputs(layer: Conv2d | Dense, shape: readonly number[], marked: Uint8Array, channels: number): Uint8Array {
  const read = new Uint8Array(channels);
  eachRun(layer, shape, (input, start, from, to) => {
    for (let unit = from; unit < to && read[input] === 0; unit++) read[input] = marked[start + unit];
  });
  return read;
}

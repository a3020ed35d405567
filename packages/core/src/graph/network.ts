import { PrunebenchError } from '../errors.ts';
import { INPUT, type Layer, type Network } from './layer.ts';
import { inferShapes } from './shape.ts';

/**
 * Checks a network's graph: unique names, inputs that come before their readers, one output (the last layer), shapes that fit.
 *
 * @throws PrunebenchError naming the network and the layer
 */
export function defineNetwork(network: Network): Network {
  const known = new Set<string>([INPUT]);
  for (const layer of network.layers) {
    const fault = (message: string) => new PrunebenchError(`Network ${network.name}, layer ${layer.name}: ${message}.`);
    if (known.has(layer.name)) throw fault('this name is already taken');
    const unknown = layer.inputs.find((input) => !known.has(input));
    if (unknown !== undefined) throw fault(`it reads ${unknown}, which is not defined before it`);
    const wanted = layer.kind === 'add' ? 2 : 1;
    if (layer.inputs.length !== wanted) throw fault(`it has ${layer.inputs.length} inputs where ${wanted} are needed`);
    known.add(layer.name);
  }
  const unread = network.layers.slice(0, -1).find(({ name }) => consumers(network, name).length === 0);
  if (unread)
    throw new PrunebenchError(
      `Network ${network.name}, layer ${unread.name}: nothing reads it, and it is not the last.`,
    );
  if (network.layers.length === 0) throw new PrunebenchError(`Network ${network.name} has no layers.`);
  inferShapes(network);
  return network;
}

/** The layer whose output is the network's. */
export function outputLayer(network: Network): Layer {
  return network.layers[network.layers.length - 1];
}

/** The layers that read `name`. */
export function consumers(network: Network, name: string): readonly Layer[] {
  return network.layers.filter((layer) => layer.inputs.includes(name));
}

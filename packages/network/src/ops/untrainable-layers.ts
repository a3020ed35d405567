import type { Layer, Network } from '@prunebench/core';
import { PrunebenchError } from '@prunebench/core';
import { getBackend } from '@tensorflow/tfjs-core';
import { OfBackend } from './of-backend.ts';

const untrainable = new OfBackend<readonly Layer['kind'][]>();

/** Tells that tfjs's backend of this name has no gradients of these kinds of layers. */
export function registerUntrainable(backend: string, kinds: readonly Layer['kind'][]): void {
  untrainable.register(backend, kinds);
}

/**
 * Refuses a network that cannot be trained, before any work is done for it.
 *
 * @param backend its name and what it has no gradients of; default: the current backend and what was registered for it
 * @throws PrunebenchError naming the backend and the first layer that it cannot train
 */
export function refuseUntrainable(
  network: Network,
  backend: { readonly name: string; readonly untrainable: readonly Layer['kind'][] } = current(),
): void {
  const layer = network.layers.find(({ kind }) => backend.untrainable.includes(kind));
  if (!layer) return;
  throw new PrunebenchError(
    `Backend ${backend.name} cannot train network ${network.name}: it has no gradients of layers of kind ${layer.kind}, such as ${layer.name}.`,
    { remedy: 'Choose another one with --backend; `./prunebench list backends` says what each can do.' },
  );
}

function current() {
  return { name: getBackend(), untrainable: untrainable.current ?? [] };
}

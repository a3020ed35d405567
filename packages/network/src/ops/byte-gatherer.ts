import type { GatherBytes } from '@prunebench/core';
import { getBackend } from '@tensorflow/tfjs-core';

const gatherers = new Map<string, GatherBytes>();

/** Tells that tfjs's backend of this name has a fast way to fill batches from bytes. */
export function registerByteGatherer(backend: string, gather: GatherBytes): void {
  gatherers.set(backend, gather);
}

/** How the current backend fills batches from bytes, if it does. */
export function byteGatherer(): GatherBytes | undefined {
  return gatherers.get(getBackend());
}

import type { GatherBytes } from '@prunebench/core';
import { OfBackend } from './of-backend.ts';

const gatherers = new OfBackend<GatherBytes>();

/** Tells that tfjs's backend of this name has a fast way to fill batches from bytes. */
export function registerByteGatherer(backend: string, gather: GatherBytes): void {
  gatherers.register(backend, gather);
}

/** How the current backend fills batches from bytes, if it does. */
export function byteGatherer(): GatherBytes | undefined {
  return gatherers.current;
}

import { getBackend, getKernel } from '@tensorflow/tfjs-core';

/** Whether the current backend brings a kernel of this name. */
export function hasKernel(name: string): boolean {
  return getKernel(name, getBackend()) !== undefined;
}

import type { Layer } from '@prunebench/core';
import { registerUntrainable } from '@prunebench/network';
import type { Backend } from '../backend.ts';

const untrainable: readonly Layer['kind'][] = ['conv2d'];

export const wasm: Backend = {
  name: 'wasm',
  summary: 'WebAssembly with SIMD on one thread: evaluation, and training of networks without convolutions',
  untrainable,
  async register() {
    await import('@tensorflow/tfjs-backend-wasm');
    registerUntrainable('wasm', untrainable);
    return { threads: 1, unfit: 'it has no gradient of convolution filters, so it cannot train CNNs' };
  },
};

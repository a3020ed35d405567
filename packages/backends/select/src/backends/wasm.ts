import type { Backend } from '../backend.ts';

export const wasm: Backend = {
  name: 'wasm',
  summary: 'WebAssembly with SIMD on one thread: evaluation, and training of networks without convolutions',
  async register() {
    await import('@tensorflow/tfjs-backend-wasm');
    return { threads: 1, unfit: 'it has no gradient of convolution filters, so it cannot train CNNs' };
  },
};

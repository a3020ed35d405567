import type { Backend } from '../backend.ts';

export const native: Backend = {
  name: 'native',
  summary: 'C++ kernels compiled for this machine',
  async register(threads) {
    const { registerNativeBackend } = await import('@prunebench/backend-native');
    const registered = await registerNativeBackend({ threads });
    return { threads: registered.threads };
  },
};

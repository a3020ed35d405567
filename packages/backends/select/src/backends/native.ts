import { registerByteGatherer, registerStepCompiler, type StepCompiler } from '@prunebench/network';
import type { Backend } from '../backend.ts';

export const native: Backend = {
  name: 'native',
  summary: 'C++ kernels compiled for this machine',
  async register(threads) {
    const { CannotCapture, captureStep, gatherBytes, registerNativeBackend } = await import(
      '@prunebench/backend-native'
    );
    const registered = await registerNativeBackend({ threads });
    const compile: StepCompiler = (body, examples, state) => {
      try {
        return captureStep(body, examples, { state });
      } catch (error) {
        if (error instanceof CannotCapture) return undefined;
        throw error;
      }
    };
    registerStepCompiler('native', compile);
    registerByteGatherer('native', gatherBytes);
    return { threads: registered.threads, instructions: registered.simd };
  },
};

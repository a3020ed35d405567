import type { Backend } from '../backend.ts';
import { optionalImport } from '../optional-import.ts';

interface Adapter {
  readonly info: { readonly vendor: string; readonly architecture: string; readonly isFallbackAdapter?: boolean };
}
interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}

export const webgpu: Backend = {
  name: 'webgpu',
  summary: 'any GPU with a Vulkan, Metal or D3D12 driver, through Dawn',
  async register() {
    const gpu = await provideGpu();
    const adapter = await gpu.requestAdapter();
    if (!adapter) throw new Error('Dawn finds no graphics adapter');
    await optionalImport('@tensorflow/tfjs-backend-webgpu');
    const software =
      adapter.info.isFallbackAdapter ||
      /swiftshader|llvmpipe/i.test(`${adapter.info.vendor} ${adapter.info.architecture}`);
    return { threads: 1, ...(software ? { unfit: 'its only adapter is a software renderer' } : {}) };
  },
};

/** Gives Node.js the `navigator.gpu` of browsers, which tfjs's backend looks for. */
async function provideGpu(): Promise<Gpu> {
  const existing = (navigator as { gpu?: Gpu }).gpu;
  if (existing) return existing;
  const dawn = (await optionalImport('webgpu')) as { create(options: string[]): Gpu; globals: Record<string, unknown> };
  Object.assign(globalThis, dawn.globals);
  const gpu = dawn.create([]);
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

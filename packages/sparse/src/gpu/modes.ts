import { GPU } from 'gpu.js';

/** The ways in which GPU.js can run a kernel; the first two on a graphics adapter, the others on the processor. */
export type GpuMode = 'webgpu' | 'headlessgl' | 'webasm' | 'cpu';

export interface GpuModeAvailability {
  readonly mode: GpuMode;
  readonly available: boolean;
  /** Why not. */
  readonly reason?: string;
}

/** What runs here. `webgpu` needs `navigator.gpu`, see `provideNavigatorGpu`. */
export async function gpuModes(): Promise<readonly GpuModeAvailability[]> {
  const webgpu = await GPU.isWebGPUAvailable();
  const checks: readonly (readonly [GpuMode, boolean, string])[] = [
    ['webgpu', webgpu, 'there is no WebGPU adapter'],
    ['headlessgl', GPU.isHeadlessGLSupported, 'the package gl has not been built, or there is no display'],
    ['webasm', GPU.isWebAssemblySupported, 'WebAssembly has no SIMD here'],
    ['cpu', true, ''],
  ];
  return checks.map(([mode, available, reason]) => ({ mode, available, ...(available ? {} : { reason }) }));
}

/**
 * Gives Node.js the `navigator.gpu` of browsers through Dawn, if it has an adapter. The software adapter of Chromium counts, where
 * the variable VK_ICD_FILENAMES names it.
 *
 * @returns whether there is one now
 */
export async function provideNavigatorGpu(): Promise<boolean> {
  if (!(navigator as { gpu?: unknown }).gpu) {
    const dawn = await loadDawn();
    if (!dawn) return false;
    Object.assign(globalThis, dawn.globals);
    Object.defineProperty(navigator, 'gpu', { value: dawn.create([]), configurable: true });
  }
  return GPU.isWebGPUAvailable();
}

interface Dawn {
  create(options: string[]): unknown;
  readonly globals: Record<string, unknown>;
}

/** Dawn is not built for every platform; where it does not load there is no WebGPU. */
async function loadDawn(): Promise<Dawn | undefined> {
  const name = 'webgpu';
  return import(name).then(
    (module) => module as Dawn,
    () => undefined,
  );
}

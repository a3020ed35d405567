import { createRequire } from 'node:module';
import { codeOf, messageOf, PrunebenchError } from '@prunebench/core';
import { GPU } from 'gpu.js';

/** The ways in which GPU.js can run a kernel; the first two on a graphics adapter, the others on the processor. */
export type GpuMode = 'webgpu' | 'headlessgl' | 'webasm' | 'cpu';

export interface GpuModeAvailability {
  readonly mode: GpuMode;
  /** Why it does not run here; undefined where it does. */
  readonly obstacle?: string;
}

/** What GPU.js calls the mode of a kernel that it has built. */
export const builtModes: Readonly<Record<GpuMode, string>> = {
  webgpu: 'webgpu',
  headlessgl: 'gpu',
  webasm: 'webasm',
  cpu: 'cpu',
};

const remedies: Readonly<Record<GpuMode, string>> = {
  webgpu:
    'Install Dawn (pnpm --filter @prunebench/sparse add webgpu@0.6.2) and a Vulkan, Metal or D3D12 driver, or use another mode.',
  headlessgl:
    'Install and compile the package gl (see the README of @prunebench/sparse), start an X server (xvfb-run will do), or use another mode.',
  webasm: 'Use a Node.js that has WebAssembly, or the mode "cpu".',
  cpu: 'The mode "cpu" runs everywhere.',
};

/** Every mode, with what keeps it from running here. Gives Node.js the `navigator.gpu` of browsers where Dawn is installed. */
export async function gpuModes(): Promise<readonly GpuModeAvailability[]> {
  const obstacles: readonly (readonly [GpuMode, string | undefined])[] = [
    ['webgpu', await webgpuObstacle()],
    ['headlessgl', headlessGlObstacle()],
    ['webasm', GPU.isWebAssemblySupported ? undefined : 'this Node.js has no WebAssembly'],
    ['cpu', undefined],
  ];
  return obstacles.map(([mode, obstacle]) => ({ mode, ...(obstacle === undefined ? {} : { obstacle }) }));
}

/** @throws PrunebenchError when GPU.js cannot run in this mode here */
export async function assertGpuMode(mode: GpuMode): Promise<void> {
  const obstacle = (await gpuModes()).find((one) => one.mode === mode)?.obstacle;
  if (obstacle !== undefined)
    throw new PrunebenchError(`GPU.js cannot run in mode "${mode}": ${obstacle}.`, { remedy: remedies[mode] });
}

interface Dawn {
  create(options: string[]): { requestAdapter(): Promise<object | null> };
  readonly globals: Record<string, unknown>;
}

async function webgpuObstacle(): Promise<string | undefined> {
  if (!('gpu' in navigator && navigator.gpu)) {
    // Not a literal, so that type checking does not ask for a package that need not be there.
    const name = 'webgpu';
    try {
      const dawn: Dawn = await import(name);
      Object.assign(globalThis, dawn.globals);
      Object.defineProperty(navigator, 'gpu', { value: dawn.create([]), configurable: true });
    } catch (error) {
      return missing(error, 'ERR_MODULE_NOT_FOUND', name) ?? `the package webgpu does not load: ${firstLine(error)}`;
    }
  }
  return (await GPU.isWebGPUAvailable()) ? undefined : 'there is no graphics adapter';
}

function headlessGlObstacle(): string | undefined {
  // The gl that counts is the one that GPU.js finds.
  const require = createRequire(createRequire(import.meta.url).resolve('gpu.js'));
  try {
    require('gl');
  } catch (error) {
    return missing(error, 'MODULE_NOT_FOUND', 'gl') ?? `the package gl does not load: ${firstLine(error)}`;
  }
  return GPU.isHeadlessGLSupported ? undefined : 'there is no display for OpenGL';
}

function missing(error: unknown, code: string, name: string): string | undefined {
  const absent = codeOf(error) === code && messageOf(error).includes(`'${name}'`);
  return absent ? `the package ${name} is not installed` : undefined;
}

function firstLine(error: unknown): string {
  return messageOf(error).trim().split('\n')[0];
}

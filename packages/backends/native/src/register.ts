// Registers the backend with tfjs: every kernel of the stock cpu backend, the native ones on top.
import os from 'node:os';
import { getKernelsForBackend, type KernelFunc, registerBackend, registerKernel } from '@tensorflow/tfjs-core';
import { loadAddon } from './addon.ts';
import { backendName, NativeBackend } from './backend.ts';
import type { SharedEnums } from './descriptors.ts';
import { batchNormKernels } from './kernels/batch-norm.ts';
import { castKernels } from './kernels/cast.ts';
import { compareKernels } from './kernels/compare.ts';
import { convKernels } from './kernels/conv.ts';
import { depthwiseKernels } from './kernels/depthwise.ts';
import { elementwiseKernels } from './kernels/elementwise.ts';
import { indexingKernels } from './kernels/indexing.ts';
import type { KernelBody, Kernels } from './kernels/kernel.ts';
import { layoutKernels } from './kernels/layout.ts';
import { matMulKernels } from './kernels/mat-mul.ts';
import { noiseKernels } from './kernels/noise.ts';
import { optimizerKernels } from './kernels/optimizer.ts';
import { poolKernels } from './kernels/pool.ts';
import { reduceKernels } from './kernels/reduce.ts';
import { softmaxKernels } from './kernels/softmax.ts';
import { sparseTrainingKernels } from './kernels/sparse-training.ts';
import { tileKernels } from './kernels/tiles.ts';
import { topKMaskKernels } from './kernels/top-k-mask.ts';

const nativeKernels = (enums: SharedEnums): Kernels => ({
  ...matMulKernels,
  ...convKernels,
  ...depthwiseKernels,
  ...poolKernels,
  ...elementwiseKernels(enums),
  ...compareKernels(enums),
  ...castKernels,
  ...reduceKernels,
  ...softmaxKernels,
  ...batchNormKernels,
  ...optimizerKernels,
  ...noiseKernels,
  ...topKMaskKernels,
  ...layoutKernels,
  ...indexingKernels,
  ...sparseTrainingKernels,
  ...tileKernels,
});

/** Stock kernels that only make another tensor over the same data: no computation falls back with them. */
const viewKernels = new Set(['Identity', 'Reshape', 'ExpandDims']);

const counts = new Map<string, number>();

/** Calls that ran on a stock cpu kernel in JavaScript instead of a native one, by kernel name, since the last reset. */
export function fallbackCounts(): Record<string, number> {
  return Object.fromEntries([...counts].sort(([, a], [, b]) => b - a));
}

export function resetFallbackCounts(): void {
  counts.clear();
}

export interface NativeOptions {
  /** Threads; default: `PRUNEBENCH_THREADS`, else the cores this process may use. Results do not depend on it. */
  threads?: number;
}

let registered: Promise<NativeBackend> | undefined;
let threads = 0;

/**
 * Registers the backend 'native' with tfjs, compiling its kernels the first time (see `isNativeAvailable`). It does not
 * select the backend: call `tf.setBackend('native')`. Calling again only sets the threads.
 * @throws Error when there is no compiler or the build fails
 */
export async function registerNativeBackend(options: NativeOptions = {}): Promise<{ threads: number; simd: string }> {
  registered ??= register();
  const backend = await registered;
  setThreads(options.threads ?? (threads || defaultThreads()));
  return { threads, simd: simdName(backend.addon.lanes) };
}

/** The registered backend. @throws Error before `registerNativeBackend` has finished */
export function registeredBackend(): NativeBackend {
  if (!loaded) throw new Error('The native backend is not registered: await registerNativeBackend() first.');
  return loaded;
}

/**
 * Sets how many threads the kernels use.
 * @param count at least 1
 */
export function setThreads(count: number): void {
  if (!Number.isInteger(count) || count < 1)
    throw new Error(`The number of threads must be a positive integer, not ${count}.`);
  registeredBackend().addon.setThreads(count);
  threads = count;
}

/** How many threads the kernels use. */
export function getThreads(): number {
  return threads;
}

let loaded: NativeBackend | undefined;

async function register(): Promise<NativeBackend> {
  const addon = await loadAddon();
  const backend = new NativeBackend(addon);
  loaded = backend;
  registerBackend(backendName, () => backend);
  const kernels = nativeKernels(backend.kernels.enums);
  const stock = new Map(getKernelsForBackend('cpu').map((config) => [config.kernelName, config]));
  for (const name of new Set([...stock.keys(), ...Object.keys(kernels)])) {
    const original = stock.get(name);
    const fallback =
      original && (viewKernels.has(name) ? original.kernelFunc : counted(backend, name, original.kernelFunc));
    const body = kernels[name];
    const kernelFunc = body ? native(backend, name, body, fallback) : fallback!;
    registerKernel({ ...original, kernelName: name, backendName, kernelFunc });
  }
  return backend;
}

function counted(backend: NativeBackend, name: string, kernelFunc: KernelFunc): KernelFunc {
  return (parameters) => {
    backend.recorder?.fellBack(name);
    counts.set(name, (counts.get(name) ?? 0) + 1);
    return kernelFunc(parameters);
  };
}

function native(backend: NativeBackend, name: string, body: KernelBody, fallback: KernelFunc | undefined): KernelFunc {
  return (parameters) =>
    body({
      backend,
      inputs: parameters.inputs,
      attrs: parameters.attrs ?? {},
      fallback: () => {
        if (fallback) return fallback(parameters);
        throw new Error(`${name}: the native backend takes float32 tensors only.`);
      },
    });
}

function defaultThreads(): number {
  const wanted = process.env.PRUNEBENCH_THREADS;
  if (!wanted) return os.availableParallelism();
  const count = Number(wanted);
  if (Number.isInteger(count) && count >= 1) return count;
  throw new Error(`PRUNEBENCH_THREADS is '${wanted}'; it must be a positive integer.`);
}

function simdName(lanes: number): string {
  if (process.arch === 'arm64') return 'NEON';
  return { 16: 'AVX-512', 8: 'AVX2' }[lanes] ?? 'SSE2';
}

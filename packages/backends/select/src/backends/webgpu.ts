import * as tf from '@tensorflow/tfjs-core';
import type { Backend } from '../backend.ts';
import { optionalImport } from '../optional-import.ts';
import { registerBatchNorm } from '../webgpu/batch-norm.ts';
import { shareOutFilterGradient } from '../webgpu/filter-gradient.ts';
import { programRunner } from '../webgpu/kernel-call.ts';
import { registerMomentumUpdate } from '../webgpu/momentum-update.ts';

interface Adapter {
  readonly info: { readonly vendor: string; readonly architecture: string; readonly isFallbackAdapter?: boolean };
}
interface Gpu {
  requestAdapter(): Promise<Adapter | null>;
}
/** What is used here of tfjs's backend. */
interface GpuBackend extends tf.KernelBackend {
  readonly device: {
    addEventListener(type: 'uncapturederror', listener: (event: { error: { message: string } }) => void): void;
  };
}

const NAME = 'webgpu';
let registered = false;

export const webgpu: Backend = {
  name: NAME,
  summary: 'any GPU with a Vulkan, Metal or D3D12 driver, through Dawn',
  async register() {
    const gpu = await provideGpu();
    const adapter = await gpu.requestAdapter();
    if (!adapter) throw new Error('Dawn finds no graphics adapter');
    await optionalImport('@tensorflow/tfjs-backend-webgpu');
    if (!registered) {
      convertWhenCasting();
      failOnGpuErrors();
      shareOutFilterGradient(NAME);
      registerBatchNorm(NAME);
      registerMomentumUpdate(NAME);
      registered = true;
    }
    const software =
      adapter.info.isFallbackAdapter ||
      /swiftshader|llvmpipe/i.test(`${adapter.info.vendor} ${adapter.info.architecture}`);
    return { threads: 1, ...(software ? { unfit: 'its only adapter is a software renderer' } : {}) };
  },
};

/** Gives Node.js the `navigator.gpu` of browsers, which tfjs's backend looks for. */
async function provideGpu(): Promise<Gpu> {
  if ('gpu' in navigator && isGpu(navigator.gpu)) return navigator.gpu;
  const { create, globals } = await optionalImport('webgpu');
  Object.assign(globalThis, globals);
  const gpu: unknown = typeof create === 'function' ? create([]) : undefined;
  if (!isGpu(gpu)) throw new Error('the package webgpu gives no GPU');
  Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  return gpu;
}

function isGpu(value: unknown): value is Gpu {
  return typeof value === 'object' && value !== null && 'requestAdapter' in value;
}

/**
 * tfjs's Cast from bool or int32 to float32 leaves the integers as they are and only calls them floats. Kernels that move
 * values without computing with them, such as Transpose, then make a shader that does not compile. A product converts.
 */
function convertWhenCasting(): void {
  const cast = tf.getKernel(tf.Cast, NAME).kernelFunc;
  const { kernelFunc: multiply } = tf.getKernel(tf.Multiply, NAME);
  tf.unregisterKernel(tf.Cast, NAME);
  tf.registerKernel({
    kernelName: tf.Cast,
    backendName: NAME,
    kernelFunc(params) {
      const { inputs, backend, attrs } = params;
      const { x } = inputs;
      const toFloat = attrs?.dtype === 'float32' && (x?.dtype === 'bool' || x?.dtype === 'int32');
      if (!toFloat) return cast(params);
      const runner = programRunner(backend);
      const one = {
        dataId: runner.write(Float32Array.of(1), [], 'float32'),
        shape: [],
        dtype: 'float32' as const,
      };
      const product = multiply({ inputs: { a: { ...x, dtype: 'int32' as const }, b: one }, backend });
      runner.disposeData(one.dataId);
      return product;
    },
  });
}

/**
 * A shader that does not compile, a buffer that does not fit and the like are events of the device: tfjs does not listen, and
 * the tensors concerned stay as they were, mostly all zeros. Here nothing can be read any more after such an event.
 */
function failOnGpuErrors(): void {
  const create = tf.findBackendFactory(NAME);
  tf.removeBackend(NAME);
  tf.registerBackend(NAME, async () => {
    const backend = await create();
    if (!hasDevice(backend)) throw new Error('The WebGPU backend has no device to listen to.');
    let failure: string | undefined;
    backend.device.addEventListener('uncapturederror', ({ error }) => {
      failure ??= error.message;
    });
    const read = backend.read.bind(backend);
    backend.read = async (dataId) => {
      const values = await read(dataId);
      if (failure !== undefined) throw new Error(`The GPU refused a computation: ${failure.trim()}`);
      return values;
    };
    return backend;
  });
}

function hasDevice(backend: tf.KernelBackend): backend is GpuBackend {
  return (
    'device' in backend &&
    typeof backend.device === 'object' &&
    backend.device !== null &&
    'addEventListener' in backend.device
  );
}

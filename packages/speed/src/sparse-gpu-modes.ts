import { csrTimesDense, sampledProduct, setThreads } from '@prunebench/backend-native';
import { type Network, randomStream, sizeOf } from '@prunebench/core';
import { initializeParameters } from '@prunebench/network';
import {
  type ConvolutionShape,
  type CsrMatrix,
  compile,
  csrFromKernel,
  type GpuMode,
  type GpuProgram,
  gpuModes,
  SparseGpu,
  transposeCsr,
} from '@prunebench/sparse';
import { layerNetworks } from './sparse-layers.ts';
import { uniformMasks } from './sparse-networks.ts';
import { awaited, milliseconds, ours, ratioOf, takeTurns } from './turns.ts';

/** One line of results/speed-sparse-gpu.csv. */
export interface GpuModeRow {
  readonly mode: GpuMode;
  readonly operation: string;
  readonly layer: string;
  readonly batchSize: number;
  readonly sparsity: number;
  readonly gpuMilliseconds: number;
  /** The same operation in the native backend's sparse kernels, with all threads of the run. */
  readonly nativeMilliseconds: number;
  /** GPU.js's time / native: median of rounds, and its range. */
  readonly overNative: number;
  readonly overNativeMin: number;
  readonly overNativeMax: number;
}

const batchSize = 128;
export const gpuSparsities = [0.8, 0.95] as const;

/** The modes of GPU.js that run here. */
export async function availableModes(): Promise<readonly GpuMode[]> {
  return (await gpuModes()).filter(({ obstacle }) => obstacle === undefined).map(({ mode }) => mode);
}

/** Every sparse operation in one mode of GPU.js against the native one, both from inputs in memory to results in memory. */
export async function measureGpuMode(
  mode: GpuMode,
  sparsity: number,
  { threads, rounds }: { threads: number; rounds: number },
): Promise<readonly GpuModeRow[]> {
  setThreads(threads);
  const gpu = await SparseGpu.create(mode);
  const rows: GpuModeRow[] = [];
  const { operations, dispose } = await operationsOf(gpu, sparsity);
  try {
    for (const { operation, layer, program, inputs, native } of operations) {
      const slices = await takeTurns({ gpu: awaited(() => program.run(...inputs)), native: ours(native) }, rounds);
      const ratio = ratioOf(slices.gpu, slices.native!)!;
      rows.push({
        mode,
        operation,
        layer,
        batchSize,
        sparsity,
        gpuMilliseconds: milliseconds(slices.gpu)!,
        nativeMilliseconds: milliseconds(slices.native)!,
        overNative: ratio.median,
        overNativeMin: ratio.min,
        overNativeMax: ratio.max,
      });
    }
  } finally {
    dispose();
    await gpu.dispose();
  }
  return rows;
}

interface Operation {
  readonly operation: string;
  readonly layer: string;
  readonly program: GpuProgram<string>;
  readonly inputs: readonly Float32Array[];
  readonly native: () => void;
}

async function operationsOf(
  gpu: SparseGpu,
  sparsity: number,
): Promise<{ operations: readonly Operation[]; dispose: () => void }> {
  const random = randomStream(0, 'gpu');
  const normals = (length: number) => Float32Array.from({ length }, () => random.normal());
  const dense = prunedLayer('dense 784-300', sparsity);
  const { matrix } = dense;
  const [x, dy] = [normals(matrix.columns * batchSize), normals(matrix.rows * batchSize)];
  const [y, dx, dw] = [dy.length, x.length, matrix.values.length].map((length) => new Float32Array(length));
  const transposed = transposeCsr(matrix);
  const [product, back, sampled] = [
    gpu.product(matrix, batchSize),
    gpu.transposedProduct(matrix, batchSize),
    gpu.sampledProduct(matrix, batchSize),
  ];
  const conv = prunedLayer('conv 3x3 32-32 at 16x16', sparsity);
  const shape: ConvolutionShape = { height: 16, width: 16, channels: 32, kernelSize: [3, 3], padding: 'same' };
  const convolution = gpu.convolution(conv.matrix, shape, batchSize);
  const images = normals(sizeOf(conv.network.inputShape) * batchSize);
  const compiled = await compile(conv.network, conv.parameters, conv.masks, { batchSize, format: 'csr' });
  const operations: readonly Operation[] = [
    {
      operation: 'product',
      layer: dense.network.name,
      program: gpu.program((input) => ({ y: product(input) })),
      inputs: [x],
      native: () => csrTimesDense(matrix, x, batchSize, y),
    },
    {
      operation: 'input gradient',
      layer: dense.network.name,
      program: gpu.program((gradient) => ({ dx: back(gradient) })),
      inputs: [dy],
      native: () =>
        csrTimesDense({ ...transposed.matrix, values: matrix.values }, dy, batchSize, dx, {
          places: transposed.places,
        }),
    },
    {
      operation: 'weight gradient',
      layer: dense.network.name,
      program: gpu.program((gradient, input) => ({ dw: sampled(gradient, input) })),
      inputs: [dy, x],
      native: () => sampledProduct(matrix, dy, x, batchSize, dw),
    },
    {
      operation: 'convolution',
      layer: conv.network.name,
      program: gpu.program((input) => ({ y: convolution(input) })),
      inputs: [images],
      native: () => void compiled.run(images),
    },
  ];
  return { operations, dispose: () => compiled.dispose() };
}

function prunedLayer(name: string, sparsity: number) {
  const network: Network = layerNetworks.find((one) => one.name === name)!;
  const parameters = initializeParameters(network, randomStream(0, 'gpu/layer'), 'he-normal');
  const masks = uniformMasks(network, sparsity);
  const [[kernel, mask]] = Object.entries(masks);
  const matrix: CsrMatrix = csrFromKernel(parameters[kernel], mask);
  return { network, parameters, masks, matrix };
}

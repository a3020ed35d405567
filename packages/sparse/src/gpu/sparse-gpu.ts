import { GPU } from 'gpu.js';
import type { Product } from '../graph/operations.ts';
import { entriesOf } from '../plan/entries.ts';
import type { Plane } from '../plan/layout.ts';
import { type CsrMatrix, eachWeight, transposeCsr } from '../storage/csr.ts';
import {
  csrTimesDenseKernel,
  sampledProductKernel,
  sparseConvolutionKernel,
  transposedTimesDenseKernel,
} from './kernels.ts';
import type { GpuMode } from './modes.ts';

/** A value on the device (or, in the processor's modes, in memory), or an array to be taken there. */
export type GpuValue = Float32Array | object;

/** An operation whose matrix is bound, from value to value. */
export type GpuStep = (x: GpuValue) => Promise<GpuValue>;

/**
 * Sparse kernels through GPU.js. Results stay on the device and go from step to step as handles; `read` copies one back. In modes
 * `webasm` and `cpu` there is no device, and `webasm` uses all cores.
 */
export class SparseGpu {
  readonly mode: GpuMode;
  readonly #gpu: GPU;

  /** @throws Error when the mode does not run here */
  constructor(mode: GpuMode) {
    this.mode = mode;
    this.#gpu = new GPU({ mode } as ConstructorParameters<typeof GPU>[0]);
  }

  /** y = relu?(matrix x + bias) for x [columns, n] -> [rows, n]. */
  product(matrix: CsrMatrix, n: number, { bias, relu = false }: { bias?: Float32Array; relu?: boolean } = {}): GpuStep {
    const { rows, rowStarts, columnIndices, values } = matrix;
    const constants = { n, relu: Number(relu) };
    const kernel = this.#kernel(csrTimesDenseKernel, rows * n, constants, longestRow(matrix));
    const pattern = [rowStarts, columnIndices].map(asFloats);
    const weights = [values, bias ?? new Float32Array(rows)].map(atLeastOne);
    return (x) => kernel(...pattern, ...weights, x);
  }

  /** dx = matrixᵀ dy for dy [rows, n] -> [columns, n], as products with the transposed pattern. */
  transposedProduct(matrix: CsrMatrix, n: number): GpuStep {
    const { matrix: transposed, places } = transposeCsr(matrix);
    const kernel = this.#kernel(transposedTimesDenseKernel, matrix.columns * n, { n }, longestRow(transposed));
    const pattern = [transposed.rowStarts, transposed.columnIndices, places].map(asFloats);
    return (dy) => kernel(...pattern, atLeastOne(matrix.values), dy);
  }

  /** dw[i] = dy[row of i, :] . x[column of i, :] for dy [rows, n] and x [columns, n] at the kept positions. */
  sampledProduct(matrix: CsrMatrix, n: number): (dy: GpuValue, x: GpuValue) => Promise<GpuValue> {
    const rowOf = new Float32Array(matrix.values.length);
    eachWeight(matrix, (row, _column, _value, index) => {
      rowOf[index] = row;
    });
    const kernel = this.#kernel(sampledProductKernel, matrix.values.length, { n }, n);
    return (dy, x) => kernel(rowOf, asFloats(matrix.columnIndices), dy, x);
  }

  /** A convolution from planes to planes, n images innermost: [channels, rows, pitch, n], zero padding around the images. */
  convolution(product: Product, input: Plane, output: Plane, n: number): GpuStep {
    const { window, relu, bias, weights } = product;
    const { entries, starts } = entriesOf(product, input, n, 1);
    const offsets = Float32Array.from(
      { length: weights.values.length },
      (_, i) => new Int32Array(entries.buffer)[i * 2],
    );
    const values = Float32Array.from(offsets, (_, i) => entries[i * 2 + 1]);
    const constants = {
      n,
      relu: Number(relu),
      outRows: output.rows,
      outPitch: output.pitch,
      top: output.top,
      left: output.left,
      height: output.height,
      width: output.width,
      inPitch: input.pitch,
      corner: (input.top - window.top) * input.pitch + input.left - window.left,
      strideY: window.strides[0],
      strideX: window.strides[1],
    };
    const size = output.channels * output.rows * output.pitch * n;
    const kernel = this.#kernel(sparseConvolutionKernel, size, constants, longestRow(weights));
    return (x) => kernel(asFloats(starts), atLeastOne(offsets), atLeastOne(values), bias, x);
  }

  /** A value's elements as an array. */
  async read(value: GpuValue): Promise<Float32Array> {
    if (value instanceof Float32Array) return value;
    return (await (value as { toArray(): Float32Array | Promise<Float32Array> }).toArray()) as Float32Array;
  }

  async dispose(): Promise<void> {
    await this.#gpu.destroy();
  }

  #kernel(source: unknown, output: number, constants: Record<string, number>, longestLoop: number): DeviceKernel {
    if (output === 0) return async () => new Float32Array(0);
    const settings = {
      output: [output],
      constants,
      // WebGL unrolls loops up to a bound that it has to know.
      loopMaxIterations: Math.max(1, longestLoop),
      precision: 'single',
      pipeline: true,
      immutable: true,
      asyncMode: true,
    };
    const create = this.#gpu.createKernel.bind(this.#gpu) as unknown as (
      source: unknown,
      settings: object,
    ) => GpuKernel;
    const kernel = create(source, settings);
    return async (...values) => {
      const result = await kernel(...values);
      // GPU.js goes on in plain JavaScript where a mode cannot take a kernel, and warns on the console only.
      const used = kernel.kernel.constructor.mode;
      if (used !== this.mode)
        throw new Error(`GPU.js ran ${(source as { name: string }).name} in mode ${used}, not ${this.mode}.`);
      return result;
    };
  }
}

type DeviceKernel = (...values: readonly GpuValue[]) => Promise<GpuValue>;
/** As much of a GPU.js kernel as is used here; its own types know neither this mode of calling nor all settings. */
type GpuKernel = ((...values: readonly GpuValue[]) => Promise<GpuValue>) & {
  readonly kernel: { readonly constructor: { readonly mode?: string } };
};

function longestRow({ rows, rowStarts }: CsrMatrix): number {
  let longest = 0;
  for (let row = 0; row < rows; row++) longest = Math.max(longest, rowStarts[row + 1] - rowStarts[row]);
  return longest;
}

/** Indices up to 2^24 are exact as floats, the one type that every mode takes. */
function asFloats(values: Int32Array): Float32Array {
  return atLeastOne(Float32Array.from(values));
}

/** GPU.js cannot take an empty array. */
function atLeastOne(values: Float32Array): Float32Array {
  return values.length > 0 ? values : new Float32Array(1);
}

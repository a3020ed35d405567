import { PrunebenchError } from '@prunebench/core';
import { GPU, type KernelFunction } from 'gpu.js';
import { type CsrMatrix, eachWeight, transposeCsr } from '../storage/csr.ts';
import { type ConvolutionShape, convolutionGeometry, weightsByChannel } from './convolution-geometry.ts';
import { convolutionInputGradient, convolutionWeightGradient, sparseConvolution } from './convolution-kernels.ts';
import { atLeastOne, GpuProgram, type GpuTensor, type Recording, TensorSizes } from './gpu-program.ts';
import { assertGpuMode, builtModes, type GpuMode } from './modes.ts';
import { csrTimesDense, quotient, reluGradient, sampledProduct, transposedTimesDense } from './product-kernels.ts';

/** From a tensor to a tensor with a matrix's weights, or with others at the same positions: [kept positions]. */
export type WeightedStep = (x: GpuTensor, values?: GpuTensor) => GpuTensor;
export type BinaryStep = (a: GpuTensor, b: GpuTensor) => GpuTensor;

export interface GpuProductOptions {
  /** One per row. */
  readonly bias?: Float32Array;
  readonly relu?: boolean;
}

/**
 * Sparse kernels through GPU.js: operations are made once per matrix and written down in a program, whose intermediate results
 * stay on the device. Mode `webasm` uses all cores where an output has 4096 elements or more; only there and in `cpu` is "the
 * device" the processor. Patterns and, unless given as inputs, weights are uploaded once (by `headlessgl` with every run).
 *
 *     const gpu = await SparseGpu.create('webasm');
 *     const [first, second] = [gpu.product(w1, 128, { relu: true }), gpu.product(w2, 128)];
 *     const program = gpu.program((x) => ({ y: second(first(x)) }));
 *     const { y } = await program.run(batch);
 */
export class SparseGpu {
  readonly mode: GpuMode;
  readonly #gpu: GPU;
  readonly #sizes = new TensorSizes();

  private constructor(mode: GpuMode) {
    this.mode = mode;
    this.#gpu = new GPU({ mode });
    this.#gpu.addFunction<[number, number]>(quotient);
  }

  /** @throws PrunebenchError when GPU.js cannot run in this mode here, with what to do about it */
  static async create(mode: GpuMode): Promise<SparseGpu> {
    await assertGpuMode(mode);
    return new SparseGpu(mode);
  }

  /** y = relu?(matrix x + bias) for x [columns, n] -> [rows, n]. */
  product(matrix: CsrMatrix, n: number, options: GpuProductOptions = {}): WeightedStep {
    const { rows, columns, rowStarts, columnIndices, values } = matrix;
    const { bias, relu } = withDefaults(options, rows);
    const record = this.#kernel(csrTimesDense, rows * n, { n, relu }, longestRow(matrix));
    const pattern = [floats(rowStarts), floats(columnIndices)];
    return (x, weights) =>
      record(...pattern, this.#weights(weights, values), bias, this.#sizes.require(x, columns * n, 'x'));
  }

  /** dx = matrixᵀ dy for dy [rows, n] -> [columns, n]: the product's gradient for its input. */
  transposedProduct(matrix: CsrMatrix, n: number): WeightedStep {
    const { matrix: transposed, places } = transposeCsr(matrix);
    const record = this.#kernel(transposedTimesDense, matrix.columns * n, { n }, longestRow(transposed));
    const pattern = [transposed.rowStarts, transposed.columnIndices, places].map(floats);
    return (dy, weights) =>
      record(...pattern, this.#weights(weights, matrix.values), this.#sizes.require(dy, matrix.rows * n, 'dy'));
  }

  /** dw[i] = dy[row of i, :] . x[column of i, :] for dy [rows, n] and x [columns, n]: the gradient at the kept positions. */
  sampledProduct(matrix: CsrMatrix, n: number): BinaryStep {
    const { rows, columns, columnIndices, values } = matrix;
    const rowOf = new Float32Array(values.length);
    eachWeight(matrix, (row, _column, _value, i) => {
      rowOf[i] = row;
    });
    const record = this.#kernel(sampledProduct, values.length, { n }, n);
    const pattern = [atLeastOne(rowOf), floats(columnIndices)];
    return (dy, x) =>
      record(...pattern, this.#sizes.require(dy, rows * n, 'dy'), this.#sizes.require(x, columns * n, 'x'));
  }

  /** dx = dy where y > 0, for dy and the ReLU's output y of this many elements. */
  reluGradient(size: number): BinaryStep {
    const record = this.#kernel(reluGradient, size, {}, 1);
    return (dy, y) => record(this.#sizes.require(dy, size, 'dy'), this.#sizes.require(y, size, 'y'));
  }

  /** relu?(convolution + bias) for x [channels, height, width, n] -> [filters, output height, output width, n]. */
  convolution(matrix: CsrMatrix, shape: ConvolutionShape, n: number, options: GpuProductOptions = {}): WeightedStep {
    const { constants, outHeight, outWidth, ...at } = convolutionGeometry(matrix, shape, n);
    const { bias, relu } = withDefaults(options, matrix.rows);
    const size = matrix.rows * outHeight * outWidth * n;
    const record = this.#kernel(sparseConvolution, size, { ...constants, relu }, longestRow(matrix));
    const pattern = [floats(matrix.rowStarts), ...[at.offsets, at.tapRows, at.tapColumns].map(atLeastOne)];
    const inputs = shape.channels * shape.height * shape.width * n;
    return (x, weights) =>
      record(...pattern, this.#weights(weights, matrix.values), bias, this.#sizes.require(x, inputs, 'x'));
  }

  /** The convolution's gradient for its input: dy like its output -> dx like its input. */
  convolutionInputGradient(matrix: CsrMatrix, shape: ConvolutionShape, n: number): WeightedStep {
    const { constants, outHeight, outWidth, ...at } = convolutionGeometry(matrix, shape, n);
    const { starts, order } = weightsByChannel(at.channels, shape.channels);
    const size = shape.channels * shape.height * shape.width * n;
    const record = this.#kernel(convolutionInputGradient, size, constants, longestGap(starts));
    const ordered = [at.filters, at.tapRows, at.tapColumns].map((all) => Float32Array.from(order, (i) => all[i]));
    const pattern = [starts, ...ordered, Float32Array.from(order)].map(atLeastOne);
    const outputs = matrix.rows * outHeight * outWidth * n;
    return (dy, weights) =>
      record(...pattern, this.#weights(weights, matrix.values), this.#sizes.require(dy, outputs, 'dy'));
  }

  /** The convolution's gradient at the kept positions, for dy like its output and x like its input. */
  convolutionWeightGradient(matrix: CsrMatrix, shape: ConvolutionShape, n: number): BinaryStep {
    const { constants, outHeight, outWidth, ...at } = convolutionGeometry(matrix, shape, n);
    const loop = Math.max(n, outHeight, outWidth);
    const record = this.#kernel(convolutionWeightGradient, matrix.values.length, constants, loop);
    const pattern = [at.filters, at.channels, at.tapRows, at.tapColumns].map(atLeastOne);
    const outputs = matrix.rows * outHeight * outWidth * n;
    const inputs = shape.channels * shape.height * shape.width * n;
    return (dy, x) => record(...pattern, this.#sizes.require(dy, outputs, 'dy'), this.#sizes.require(x, inputs, 'x'));
  }

  /**
   * A program of operations of this object.
   *
   * @param define from the inputs' tensors to the results by name; called once, when the program first runs
   */
  program<Name extends string>(
    define: (...inputs: GpuTensor[]) => Readonly<Record<Name, GpuTensor>>,
  ): GpuProgram<Name> {
    const recording: Recording<Name> = { inputs: [], outputs: undefined };
    const record = (...inputs: GpuTensor[]) => {
      recording.inputs = inputs;
      recording.outputs = define(...inputs);
      return recording.outputs;
    };
    // GPU.js makes as many tensors as the function declares parameters.
    Object.defineProperty(record, 'length', { value: define.length });
    const pipeline = this.#gpu.createPipeline(record);
    return new GpuProgram(pipeline, builtModes[this.mode], this.#sizes, recording, define.length);
  }

  /** Frees what is on the device; programs cannot run any more. */
  async dispose(): Promise<void> {
    await this.#gpu.destroy();
  }

  #weights(given: GpuTensor | undefined, own: Float32Array): GpuTensor | Float32Array {
    return given ? this.#sizes.require(given, own.length, 'weights') : atLeastOne(own);
  }

  #kernel<Constants extends Readonly<Record<string, number>>>(
    source: KernelFunction<Float32Array[], Constants>,
    size: number,
    constants: Constants,
    loop: number,
  ) {
    if (constants.n !== undefined && !(constants.n >= 1))
      throw new PrunebenchError(`A batch of ${constants.n} has no columns to multiply with.`);
    const settings = {
      // Nothing cannot be computed either; the program cuts the element off again.
      output: [Math.max(1, size)],
      constants: { ...constants },
      constantTypes: Object.fromEntries(Object.keys(constants).map((name) => [name, 'Float'] as const)),
      // WebGL unrolls loops up to a bound that it has to know.
      loopMaxIterations: Math.max(1, loop),
      precision: 'single' as const,
    };
    const kernel = this.#gpu.createKernel<Float32Array[], Constants>(source, settings);
    return (...values: readonly (GpuTensor | Float32Array)[]): GpuTensor => {
      // Called without its type, which has no word for arguments that are on the device.
      const output: unknown = Reflect.apply(kernel, undefined, values);
      if (!isOnDevice(output)) throw new Error(`${source.name} was called outside of a program.`);
      return this.#sizes.require(output, size, source.name);
    };
  }
}

/** While a program is written down kernels give objects that throw where a property is read; at any other time numbers. */
function isOnDevice(value: unknown): value is GpuTensor {
  return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value);
}

function withDefaults({ bias, relu = false }: GpuProductOptions, rows: number) {
  if (bias && bias.length !== rows) throw new PrunebenchError(`A bias of ${bias.length} does not fit ${rows} rows.`);
  return { bias: atLeastOne(bias ?? new Float32Array(rows)), relu: Number(relu) };
}

function longestRow({ rowStarts }: CsrMatrix): number {
  return longestGap(rowStarts);
}

function longestGap(starts: Int32Array | Float32Array): number {
  let longest = 0;
  for (let i = 1; i < starts.length; i++) longest = Math.max(longest, starts[i] - starts[i - 1]);
  return longest;
}

/** Indices as floats, with an end for a first row even where there is none. */
function floats(indices: Int32Array): Float32Array {
  const values = new Float32Array(Math.max(2, indices.length));
  values.set(indices);
  return values;
}

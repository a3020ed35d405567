// The tfjs backend: the stock cpu backend's bookkeeping with tensor data in native memory.
import { MathBackendCPU } from '@tensorflow/tfjs-backend-cpu';
import type { backend_util, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import { util } from '@tensorflow/tfjs-core';
import type { Addon } from './addon.ts';
import { KernelTable, type Numbers, type Operands } from './descriptors.ts';
import { type Block, BlockPool } from './memory.ts';

type Values = backend_util.BackendValues;
type NumericArray = Float32Array | Int32Array | Uint8Array;

/** The name under which tfjs knows the backend: `await tf.setBackend('native')`. */
export const backendName = 'native';

const arrayTypes = { float32: Float32Array, int32: Int32Array, bool: Uint8Array } as const;
export type NumericType = keyof typeof arrayTypes;

/** Whether tensors of a type lie in native memory. */
export const isNumericType = (dtype: unknown): dtype is NumericType =>
  dtype === 'float32' || dtype === 'int32' || dtype === 'bool';

/** @throws Error for a type whose tensors do not lie in native memory */
export function numericType(dtype: DataType): NumericType {
  if (isNumericType(dtype)) return dtype;
  throw new Error(`No tensor of ${dtype} lies in native memory.`);
}

const arrayTypeOf = (dtype: DataType) => arrayTypes[numericType(dtype)];

/** @throws Error for a type whose tensors do not lie in native memory */
export function bytesPerElement(dtype: DataType): number {
  return arrayTypeOf(dtype).BYTES_PER_ELEMENT;
}

/** Whether they are numbers, in whatever array. */
export function areNumbers(values: ArrayLike<unknown>): values is ArrayLike<number> {
  return ArrayBuffer.isView(values) || Array.from(values).every((value) => typeof value === 'number');
}

/**
 * A tensor's data: either a block of native memory or values that JavaScript brought. `values` is what the stock cpu
 * kernels read.
 */
export class NativeData {
  readonly dtype: DataType;
  refCount: number;
  block: Block | undefined;
  complexTensorInfos?: { real: TensorInfo; imag: TensorInfo };
  #values: Values | undefined;
  #size: number;
  #address = 0;

  constructor(dtype: DataType, refCount: number, size: number, block: Block | undefined, values?: Values) {
    this.dtype = dtype;
    this.refCount = refCount;
    this.#size = size;
    this.block = block;
    this.#values = values;
  }

  /** Moves the data into a block of its own, or to another one, which holds the same values already. */
  moveTo(block: Block): void {
    this.block = block;
    this.#values = undefined;
  }

  get values(): Values {
    if (this.block && !this.#values) {
      this.#values = new (arrayTypeOf(this.dtype))(this.block.buffer, 0, this.#size);
    }
    return this.#values ?? this.#haveNone();
  }

  /** Where the values lie. Values of another array type than the tensor's are converted first. */
  address(addon: Addon): number {
    if (this.block) return this.block.address;
    if (this.#address === 0) {
      const own = this.#converted(this.#values ?? this.#haveNone());
      this.#values = own;
      this.#address = addon.addressOf(own);
    }
    return this.#address;
  }

  #converted(values: ArrayLike<unknown>): NumericArray {
    const type = arrayTypeOf(this.dtype);
    if (values instanceof type) return values;
    if (areNumbers(values)) return type.from(values);
    throw new Error(`A tensor of ${this.dtype} holds values that are no numbers.`);
  }

  #haveNone(): never {
    if (this.dtype === 'complex64') throw new Error('A complex tensor has its values in two tensors of its own.');
    throw new Error('A tensor made inside a captured step has no values outside of it.');
  }
}

/** Takes the place of running kernels while a step is captured. */
export interface Recorder {
  /** The backend made a tensor for a kernel to fill. */
  made(data: NativeData, bytes: number): void;
  invoke(kernel: string, operands: Operands<TensorInfo>, numbers: Numbers): void;
  /** A tensor's values come from JavaScript. */
  wrote(values: Values): void;
  /** JavaScript wants a tensor's values. */
  read(): void;
  /** An op runs on a stock kernel in JavaScript. */
  fellBack(kernel: string): void;
}

export class NativeBackend extends MathBackendCPU {
  readonly addon: Addon;
  readonly pool: BlockPool;
  recorder: Recorder | undefined;
  readonly kernels: KernelTable;
  readonly #addressOf = (tensor: TensorInfo): number => this.dataOf(tensor.dataId).address(this.addon);

  constructor(addon: Addon) {
    super();
    this.addon = addon;
    this.pool = new BlockPool(addon);
    this.kernels = new KernelTable(addon.kernels, addon.enums);
  }

  // Public in the base class: data of a tensor, moved here first if another backend holds it.
  dataOf(dataId: object): NativeData {
    const data = this.data.get(dataId);
    if (data instanceof NativeData) return data;
    throw new Error('The native backend holds no data of this tensor.');
  }

  override write(values: Values, shape: number[], dtype: DataType): object {
    const dataId = {};
    this.#place(dataId, values, shape, dtype, 1);
    return dataId;
  }

  override move(dataId: object, values: Values, shape: number[], dtype: DataType, refCount: number): void {
    this.#place(dataId, values, shape, dtype, refCount);
  }

  #place(dataId: object, values: Values, shape: number[], dtype: DataType, refCount: number): void {
    // A stock kernel may hand back a view of its input's memory, which is recycled when the input goes.
    const kept = this.#outsideOfPool(values);
    const size = util.sizeFromShape(shape);
    const data = new NativeData(dtype, refCount, size, undefined, kept);
    this.data.set(dataId, data);
    this.recorder?.wrote(kept);
  }

  /** A new tensor with undefined contents, for a kernel to fill. */
  output(shape: number[], dtype: NumericType = 'float32'): TensorInfo {
    const size = util.sizeFromShape(shape);
    const bytes = size * bytesPerElement(dtype);
    const data = new NativeData(dtype, 1, size, this.recorder ? undefined : this.pool.take(bytes));
    this.recorder?.made(data, bytes);
    const dataId = {};
    this.data.set(dataId, data);
    return { dataId, shape, dtype };
  }

  /** A new tensor over a block that holds its values. */
  tensorIn(block: Block, shape: number[], dtype: NumericType): TensorInfo {
    const dataId = {};
    this.data.set(dataId, new NativeData(dtype, 1, util.sizeFromShape(shape), block));
    return { dataId, shape, dtype };
  }

  /** Another tensor over the same data. */
  alias(tensor: TensorInfo, shape: number[] = tensor.shape): TensorInfo {
    this.incRef(tensor.dataId);
    return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
  }

  /**
   * Runs a native kernel.
   * @param operands tensors by the names the kernel declares; an optional one may be missing
   * @param numbers sizes and options by name
   * @throws Error naming what is missing, unknown or of a wrong kind
   */
  invoke(kernel: string, operands: Operands<TensorInfo>, numbers: Numbers): void {
    if (this.recorder) {
      this.recorder.invoke(kernel, operands, numbers);
      return;
    }
    this.kernels.write(this.addon.words, 0, kernel, operands, numbers, this.#addressOf);
    this.addon.execute();
  }

  /** Native memory is copied out: what the caller holds never changes under its hands. */
  override readSync(dataId: object): Values {
    this.recorder?.read();
    return this.#outsideOfPool(super.readSync(dataId));
  }

  /** A copy where they lie in native memory. */
  #outsideOfPool(values: Values): Values {
    const isView = ArrayBuffer.isView(values) && !Array.isArray(values);
    return isView && this.pool.owns(values.buffer) ? values.slice() : values;
  }

  override disposeData(dataId: object, force = false): boolean {
    if (!this.data.has(dataId)) return true;
    const data = this.dataOf(dataId);
    data.refCount--;
    if (!force && data.refCount > 0) return false;
    if (data.complexTensorInfos) {
      this.disposeData(data.complexTensorInfos.real.dataId, true);
      this.disposeData(data.complexTensorInfos.imag.dataId, true);
    }
    this.data.delete(dataId);
    if (data.block) this.pool.give(data.block);
    data.block = undefined;
    return true;
  }
}

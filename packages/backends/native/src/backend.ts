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

export function bytesPerElement(dtype: DataType): number {
  return arrayTypes[dtype as NumericType].BYTES_PER_ELEMENT;
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
      this.#values = new arrayTypes[this.dtype as NumericType](this.block.buffer, 0, this.#size);
    }
    return this.#values as Values; // absent for complex64 alone, whose parts are tensors of their own
  }

  /** Where the values lie. Values of another array type than the tensor's are converted first. */
  address(addon: Addon): number {
    if (this.block) return this.block.address;
    if (this.#address === 0) {
      if (!this.#values) throw new Error('A tensor made inside a captured step has no values outside of it.');
      const type = arrayTypes[this.dtype as NumericType];
      if (!(this.#values instanceof type)) this.#values = type.from(this.#values as unknown as ArrayLike<number>);
      this.#address = addon.addressOf(this.#values as NumericArray);
    }
    return this.#address;
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
    return this.data.get(dataId) as NativeData;
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
    let kept = values;
    // A stock kernel may hand back a view of its input's memory, which is recycled when the input goes: copy it.
    if (ArrayBuffer.isView(values) && this.pool.owns(values.buffer)) kept = values.slice() as Values;
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
    const values = super.readSync(dataId);
    const copy = ArrayBuffer.isView(values) && this.pool.owns(values.buffer);
    return copy ? (values.slice() as Values) : values;
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

/*
 * The number types of the safetensors format. Four of them have a typed array of their own here; the others are read as
 * float32, which is what networks compute with, and only where that changes no value.
 */

export type TensorValues = Float32Array | Float64Array | Int32Array | Uint8Array;

/** A value that float32 has not, or that its type does not allow. */
export interface Unreadable {
  /** Flat, row-major. */
  readonly index: number;
  readonly value: string;
  readonly reason: string;
}

interface DtypeReader {
  readonly bytes: number;
  /** The values of a buffer that holds nothing else, little-endian. */
  read(buffer: ArrayBuffer): TensorValues | Unreadable;
}

const readers = {
  F64: { bytes: 8, read: (buffer) => new Float64Array(buffer) },
  I64: { bytes: 8, read: (buffer) => exactly(new BigInt64Array(buffer)) },
  U64: { bytes: 8, read: (buffer) => exactly(new BigUint64Array(buffer)) },
  F32: { bytes: 4, read: (buffer) => new Float32Array(buffer) },
  I32: { bytes: 4, read: (buffer) => new Int32Array(buffer) },
  U32: { bytes: 4, read: (buffer) => exactly(new Uint32Array(buffer)) },
  F16: { bytes: 2, read: (buffer) => new Float32Array(new Float16Array(buffer)) },
  BF16: { bytes: 2, read: (buffer) => fromBfloat16(new Uint16Array(buffer)) },
  I16: { bytes: 2, read: (buffer) => new Float32Array(new Int16Array(buffer)) },
  U16: { bytes: 2, read: (buffer) => new Float32Array(new Uint16Array(buffer)) },
  I8: { bytes: 1, read: (buffer) => new Float32Array(new Int8Array(buffer)) },
  U8: { bytes: 1, read: (buffer) => new Uint8Array(buffer) },
  BOOL: { bytes: 1, read: (buffer) => truths(new Uint8Array(buffer)) },
} as const satisfies Readonly<Record<string, DtypeReader>>;

export type Dtype = keyof typeof readers;

/** The types that can be read, for messages. */
export const readable = Object.keys(readers).join(', ');

export function isDtype(name: unknown): name is Dtype {
  return typeof name === 'string' && Object.hasOwn(readers, name);
}

/** Bytes of one value. */
export function bytesOf(dtype: Dtype): number {
  return readers[dtype].bytes;
}

/**
 * The values of a buffer that holds nothing else: F32, F64, I32 and U8 as the typed array of that type, BOOL as bytes of 0 and
 * 1, and F16, BF16, I8, I16, U16, U32, I64 and U64 as float32. A value that float32 has not (2^24 + 1, say) is reported, never
 * rounded.
 */
export function readValues(dtype: Dtype, buffer: ArrayBuffer): TensorValues | Unreadable {
  return readers[dtype].read(buffer);
}

/** The type as which `values` is written. */
export function dtypeOf(values: TensorValues): Dtype {
  if (values instanceof Float32Array) return 'F32';
  if (values instanceof Float64Array) return 'F64';
  return values instanceof Int32Array ? 'I32' : 'U8';
}

function exactly(values: BigInt64Array | BigUint64Array | Uint32Array): Float32Array | Unreadable {
  const result = new Float32Array(values.length);
  for (let index = 0; index < values.length; index++) {
    const value = BigInt(values[index]);
    result[index] = Number(value);
    if (BigInt(result[index]) !== value) return { index, value: String(value), reason: 'float32 has no such number' };
  }
  return result;
}

/** bfloat16 is the upper half of a float32 (Kalamkar et al. 2019, section 2). */
function fromBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = halves[i] << 16;
  return new Float32Array(bits.buffer);
}

function truths(values: Uint8Array<ArrayBuffer>): Uint8Array | Unreadable {
  const index = values.findIndex((value) => value > 1);
  return index < 0 ? values : { index, value: String(values[index]), reason: 'a truth value is 0 or 1' };
}

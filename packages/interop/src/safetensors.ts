import { isObject, messageOf, PrunebenchError, sizeOf } from '@prunebench/core';
import { bytesOf, type Dtype, dtypeOf, isDtype, readable, readValues, type TensorValues } from './dtypes.ts';
import { repeatedKey } from './repeated-key.ts';
import { shown } from './shown.ts';

/*
 * The safetensors format (https://huggingface.co/docs/safetensors): 8 bytes with the length of the header (unsigned,
 * little-endian), the header as JSON, then the tensors' bytes, little-endian and row-major, without holes or overlaps.
 *
 *   {"__metadata__": {"key": "text"}, "name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...}
 *
 * Offsets count from the end of the header. The header begins with "{" and has no key twice; writers pad it with spaces so that
 * the data starts at a multiple of 8.
 * Typed arrays are copied as they are: every platform that Node.js and the backends support is little-endian but s390x,
 * which none of the backends knows.
 */

const LENGTH_BYTES = 8;
/** The format's own limit, which keeps a corrupt length from asking for absurd amounts of memory. */
const MAXIMUM_HEADER = 100_000_000;
const METADATA = '__metadata__';

export interface SafetensorsTensor {
  readonly shape: readonly number[];
  /** Written as F32, F64, I32 or U8 by its class. */
  readonly values: TensorValues;
}

export interface SafetensorsContent {
  readonly tensors: Readonly<Record<string, SafetensorsTensor>>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface HeaderEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  readonly data_offsets: readonly [begin: number, end: number];
}

/**
 * A file's bytes. Wider types come first, so that every tensor is aligned; apart from that the order is kept.
 *
 * @throws RangeError when a tensor has not as many values as its shape says, or is called "__metadata__"
 */
export function encodeSafetensors(content: SafetensorsContent): Uint8Array {
  const entries = Object.entries(content.tensors).sort(
    ([, a], [, b]) => b.values.BYTES_PER_ELEMENT - a.values.BYTES_PER_ELEMENT,
  );
  const header: [name: string, entry: unknown][] = [];
  if (Object.keys(content.metadata).length > 0) header.push([METADATA, content.metadata]);
  let end = 0;
  for (const [name, { shape, values }] of entries) {
    if (name === METADATA) throw new RangeError(`A tensor may not be called ${METADATA}.`);
    if (sizeOf(shape) !== values.length)
      throw new RangeError(
        `Tensor ${name} has ${values.length} values where its shape [${shape}] needs ${sizeOf(shape)}.`,
      );
    header.push([name, { dtype: dtypeOf(values), shape, data_offsets: [end, end + values.byteLength] }]);
    end += values.byteLength;
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const headerLength = Math.ceil(json.length / 8) * 8;
  const bytes = new Uint8Array(LENGTH_BYTES + headerLength + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(headerLength), true);
  bytes.fill(0x20, LENGTH_BYTES, LENGTH_BYTES + headerLength).set(json, LENGTH_BYTES);
  let position = LENGTH_BYTES + headerLength;
  for (const [, { values }] of entries) {
    const raw = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    bytes.set(raw, position);
    position += values.byteLength;
  }
  return bytes;
}

/**
 * Reads what `encodeSafetensors`, or any other writer of the format, wrote. Which types become which arrays: see `readValues`.
 * Nothing is allocated before the header agrees with the number of bytes that are there.
 *
 * @param source how errors call the bytes, e.g. the file's path
 * @throws PrunebenchError saying what is wrong, when the bytes are truncated, too long or inconsistent, when a key stands twice
 *   in the header, or when a tensor has a type that cannot be read or a value that float32 has not
 */
export function decodeSafetensors(bytes: Uint8Array, source = 'safetensors data'): SafetensorsContent {
  const { header, dataStart } = readHeader(bytes, source);
  const metadata = readMetadata(header, source);
  const entries = Object.entries(header)
    .filter(([name]) => name !== METADATA)
    .map(([name, entry]) => [name, checkedEntry(name, entry, source)] as const);
  checkCoverage(entries, bytes.length - dataStart, source);
  const tensors = entries.map(
    ([
      name,
      {
        dtype,
        shape,
        data_offsets: [begin, end],
      },
    ]): [string, SafetensorsTensor] => {
      // A copy, because the data need not be aligned in the file and must not keep the file's bytes alive.
      const raw = new Uint8Array(bytes.subarray(dataStart + begin, dataStart + end));
      const values = readValues(dtype, raw.buffer);
      if ('reason' in values)
        throw foreign(
          source,
          `tensor ${name} (${dtype}) has ${values.value} at index ${values.index}: ${values.reason}`,
        );
      return [name, { shape, values }];
    },
  );
  return { tensors: Object.fromEntries(tensors), metadata };
}

function readHeader(bytes: Uint8Array, source: string): { header: Record<string, unknown>; dataStart: number } {
  if (bytes.length < LENGTH_BYTES)
    throw corrupt(source, `it has ${bytes.length} bytes where the header's length alone takes 8`);
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  if (length > MAXIMUM_HEADER) throw corrupt(source, `its header claims ${length} bytes, more than the format allows`);
  const dataStart = LENGTH_BYTES + length;
  if (dataStart > bytes.length)
    throw corrupt(source, `it ends after ${bytes.length} bytes, inside its header of ${length} bytes`);
  const header = parseHeader(bytes.subarray(LENGTH_BYTES, dataStart), source);
  if (!isObject(header)) throw corrupt(source, 'its header is not a JSON object');
  if (bytes[LENGTH_BYTES] !== '{'.charCodeAt(0)) throw corrupt(source, 'its header does not begin with "{"');
  return { header, dataStart };
}

function parseHeader(bytes: Uint8Array, source: string): unknown {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw corrupt(source, `its header is not JSON (${messageOf(cause)})`);
  }
  const twice = repeatedKey(text);
  if (twice !== undefined) throw corrupt(source, `its header has the key ${shown(twice)} twice`);
  return header;
}

function readMetadata(header: Record<string, unknown>, source: string): Record<string, string> {
  const metadata = Object.hasOwn(header, METADATA) ? header[METADATA] : {};
  if (!isObject(metadata) || !areTexts(metadata)) throw corrupt(source, `its ${METADATA} is not an object of texts`);
  return metadata;
}

function checkedEntry(name: string, entry: unknown, source: string): HeaderEntry {
  if (!isObject(entry)) throw corrupt(source, `the entry of tensor ${name} is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  if (!isDtype(dtype)) throw foreign(source, `tensor ${name} has the type ${shown(dtype)}; ${readable} can be read`);
  if (!Array.isArray(shape) || !shape.every(isCount))
    throw corrupt(source, `tensor ${name} has the shape ${shown(shape)}`);
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount))
    throw corrupt(source, `tensor ${name} has the offsets ${shown(offsets)}`);
  const [begin, end] = offsets;
  const wanted = sizeOf(shape) * bytesOf(dtype);
  if (end - begin !== wanted)
    throw corrupt(
      source,
      `tensor ${name} has the offsets [${offsets}] where ${dtype} [${shape}] takes ${wanted} bytes`,
    );
  return { dtype, shape, data_offsets: [begin, end] };
}

/** Every byte of the data must belong to exactly one tensor. */
function checkCoverage(entries: readonly (readonly [string, HeaderEntry])[], dataBytes: number, source: string): void {
  let covered = 0;
  const ordered = entries.toSorted(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  for (const [
    name,
    {
      data_offsets: [begin, end],
    },
  ] of ordered) {
    if (begin !== covered)
      throw corrupt(source, `tensor ${name} starts at byte ${begin} of the data where ${covered} was expected`);
    covered = end;
  }
  if (covered !== dataBytes)
    throw corrupt(source, `it holds ${dataBytes} bytes of data where its header describes ${covered}`);
}

function corrupt(source: string, reason: string): PrunebenchError {
  return new PrunebenchError(`${source} is not a readable safetensors file: ${reason}.`, {
    remedy: 'Delete it or move it aside, so that it is written again.',
  });
}

/** For a file that may well be sound, but not for this reader. */
function foreign(source: string, reason: string): PrunebenchError {
  return new PrunebenchError(`${source} cannot be read: ${reason}.`, {
    remedy: 'Convert that tensor to F32 with the program that wrote it.',
  });
}

function areTexts(values: Record<string, unknown>): values is Record<string, string> {
  return Object.values(values).every((value) => typeof value === 'string');
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}

import { badFile, type SourceFolder } from './source-folder.ts';

/** IDX type code of unsigned bytes, the only one that MNIST's family uses. */
const UNSIGNED_BYTE = 0x08;

/**
 * The values of an IDX file (two zero bytes, type, number of dimensions, each dimension as a big-endian 32-bit
 * integer, then the values): a view of `bytes`, not a copy.
 *
 * @param shape the dimensions that the file must declare
 * @param source where the file lies, and `path` its name there: for messages
 * @throws PrunebenchError where the magic number, a dimension or the length differs from what `shape` implies
 */
export function parseIdx(bytes: Uint8Array, shape: readonly number[], source: SourceFolder, path: string): Uint8Array {
  const fault = (message: string) => badFile(source, path, message);
  const header = 4 + 4 * shape.length;
  if (bytes[0] === 0x1f && bytes[1] === 0x8b)
    throw fault('the file is gzipped, and is read as it is: unpack it (gunzip -k) and name what comes out');
  if (bytes.length < header)
    throw fault(`the file is truncated: expected an IDX header of ${header} bytes, found ${bytes.length} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const expectedMagic = (UNSIGNED_BYTE << 8) | shape.length;
  if (magic !== expectedMagic)
    throw fault(
      `expected IDX magic number 0x${hex(expectedMagic)} (${shape.length} dimensions of bytes), found 0x${hex(magic)}`,
    );
  const found = shape.map((_, axis) => view.getUint32(4 + 4 * axis));
  if (String(found) !== String(shape))
    throw fault(`expected dimensions ${shape.join(' x ')}, found ${found.join(' x ')}`);
  const expectedLength = header + shape.reduce((product, size) => product * size, 1);
  if (bytes.length !== expectedLength) {
    const how = bytes.length < expectedLength ? 'truncated' : 'too long';
    throw fault(`the file is ${how}: expected ${expectedLength} bytes, found ${bytes.length}`);
  }
  return bytes.subarray(header);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}

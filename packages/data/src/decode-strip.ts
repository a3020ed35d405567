import { messageOf } from '@prunebench/core';
import { decode } from 'fast-png';
import { badFile, type SourceFolder } from './source-folder.ts';

/**
 * The pixels of one strip: as many images as rows, each height x width RGB pixels wide.
 *
 * @throws PrunebenchError where it is no PNG, or one of another form than `expectedBytes` of such images have
 */
export function decodeStrip(
  png: Uint8Array,
  [height, width, channels]: readonly number[],
  expectedBytes: number,
  source: SourceFolder,
  path: string,
): Uint8Array {
  const columns = height * width;
  const rows = expectedBytes / (columns * channels);
  const expected = describe({ width: columns, height: rows, channels, depth: 8 });
  const requireForm = (image: ImageForm) => {
    if (describe(image) !== expected) throw badFile(source, path, `expected ${expected}, found ${describe(image)}`);
  };
  // Before decoding, which takes as much memory as the header claims.
  const claimed = claimedForm(png);
  if (claimed) requireForm(claimed);
  const image = decodePng(png, source, path);
  requireForm(image);
  // Values of 8 bits, as the form says: their bytes are the values.
  const { buffer, byteOffset, byteLength } = image.data;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

interface ImageForm {
  readonly width: number;
  readonly height: number;
  readonly channels: number;
  readonly depth: number;
}

function describe({ width, height, channels, depth }: ImageForm): string {
  return `${width} x ${height} pixels of ${channels} channels with ${depth} bits`;
}

/** Channels by colour type (PNG specification, section 11.2.1): grey, RGB, indexed, grey and alpha, RGB and alpha. */
const CHANNELS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
/** Signature, then the chunk that must come first: its length, its name, and its 13 bytes. */
const HEADER_END = 8 + 4 + 4 + 13;

/** What a PNG's header says; undefined where there is none that could be decoded. */
function claimedForm(png: Uint8Array): ImageForm | undefined {
  if (png.length < HEADER_END) return undefined;
  const view = new DataView(png.buffer, png.byteOffset, png.byteLength);
  const channels = CHANNELS[view.getUint8(25)];
  if (new TextDecoder('latin1').decode(png.subarray(12, 16)) !== 'IHDR' || channels === undefined) return undefined;
  return { width: view.getUint32(16), height: view.getUint32(20), channels, depth: view.getUint8(24) };
}

function decodePng(png: Uint8Array, source: SourceFolder, path: string) {
  try {
    return decode(png, { checkCrc: true });
  } catch (error) {
    throw badFile(source, path, `expected a PNG image, found what does not decode (${messageOf(error)})`);
  }
}

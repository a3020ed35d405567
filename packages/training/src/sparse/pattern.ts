import { sizeOf } from '@prunebench/core';

/**
 * The kept weights of a kernel in the order in which sparse products want them, and once more for the transposed product.
 *
 * Row r of the matrix is an output of the layer; its weights stand from `starts[r]` to `starts[r + 1]`. In the transposed matrix rows are
 * inputs, and weight i is weight `places[i]` of the first. `columns` names what a weight reads: an input of a dense layer,
 * or channel << 16 | kernel row << 8 | kernel column of a convolution.
 */
export interface Pattern {
  /** Where weight i stands in the kernel. */
  readonly positions: Int32Array;
  readonly starts: Int32Array;
  readonly columns: Int32Array;
  readonly transposed: { readonly starts: Int32Array; readonly columns: Int32Array; readonly places: Int32Array };
}

/** Largest kernel height and width, and number of channels, that a pattern can name. */
export const MAX_KERNEL_SIZE = 255;
export const MAX_CHANNELS = 32767;

/**
 * The pattern of a dense kernel [in, out] or a convolution's [height, width, in, out].
 *
 * @param mask 0/1, as long as the kernel
 */
export function patternOf(shape: readonly number[], mask: Uint8Array): Pattern {
  if (mask.length !== sizeOf(shape)) throw new Error(`patternOf: a mask of ${mask.length} for a kernel [${shape}]`);
  const [height, width] = shape.length === 4 ? shape : [1, 1];
  const [inputs, outputs] = shape.slice(-2);
  const positionOf = (y: number, x: number, input: number, output: number) =>
    ((y * width + x) * inputs + input) * outputs + output;
  const column = (channel: number, y: number, x: number) => (channel << 16) | (y << 8) | x;
  const nameOf = shape.length === 4 ? column : (feature: number) => feature;

  const starts = startsOf(mask, outputs, (position) => position % outputs);
  const kept = starts[outputs];
  const positions = new Int32Array(kept);
  const columns = new Int32Array(kept);
  const placeOf = new Int32Array(mask.length);
  const next = starts.slice();
  for (let input = 0; input < inputs; input++)
    for (let y = 0; y < height; y++)
      for (let x = 0; x < width; x++)
        for (let output = 0; output < outputs; output++) {
          const position = positionOf(y, x, input, output);
          if (mask[position] === 0) continue;
          const place = next[output]++;
          positions[place] = position;
          columns[place] = nameOf(input, y, x);
          placeOf[position] = place;
        }

  const transposed = {
    starts: startsOf(mask, inputs, (position) => Math.floor(position / outputs) % inputs),
    columns: new Int32Array(kept),
    places: new Int32Array(kept),
  };
  const nextOfInput = transposed.starts.slice();
  // The input gradient is a convolution with the kernel turned round.
  for (let output = 0; output < outputs; output++)
    for (let y = height - 1; y >= 0; y--)
      for (let x = width - 1; x >= 0; x--)
        for (let input = 0; input < inputs; input++) {
          const position = positionOf(y, x, input, output);
          if (mask[position] === 0) continue;
          const at = nextOfInput[input]++;
          transposed.columns[at] = nameOf(output, height - 1 - y, width - 1 - x);
          transposed.places[at] = placeOf[position];
        }
  return { positions, starts, columns, transposed };
}

/** Where the rows of a compressed matrix begin: [rows + 1]. */
function startsOf(mask: Uint8Array, rows: number, rowOf: (position: number) => number): Int32Array {
  const starts = new Int32Array(rows + 1);
  for (let position = 0; position < mask.length; position++) if (mask[position] !== 0) starts[rowOf(position) + 1]++;
  for (let row = 0; row < rows; row++) starts[row + 1] += starts[row];
  return starts;
}

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
  const [isConvolution, taps] = [shape.length === 4, height * width];
  const nameOf = (channel: number, y: number, x: number) => (isConvolution ? (channel << 16) | (y << 8) | x : channel);

  const starts = new Int32Array(outputs + 1);
  for (let at = 0; at < mask.length; ) for (let output = 1; output <= outputs; output++) starts[output] += mask[at++];
  addUp(starts);
  const kept = starts[outputs];
  const [positions, columns] = [new Int32Array(kept), new Int32Array(kept)];
  const rows = new Int32Array(inputs + 1);
  const next = starts.slice();
  for (let input = 0; input < inputs; input++)
    for (let tap = 0; tap < taps; tap++) {
      const name = nameOf(input, Math.floor(tap / width), tap % width);
      const first = (tap * inputs + input) * outputs;
      for (let output = 0; output < outputs; output++) {
        if (mask[first + output] === 0) continue;
        const place = next[output]++;
        positions[place] = first + output;
        columns[place] = name;
        rows[input + 1]++;
      }
    }
  addUp(rows);

  const transposed = { starts: rows, columns: new Int32Array(kept), places: new Int32Array(kept) };
  const nextOfInput = rows.slice();
  // The input gradient is a convolution with the kernel turned round: of an input and an output, the last tap comes first.
  for (let output = 0; output < outputs; output++)
    for (let place = starts[output + 1] - 1; place >= starts[output]; place--) {
      const row = Math.floor(positions[place] / outputs);
      const at = nextOfInput[row % inputs]++;
      const turned = taps - 1 - Math.floor(row / inputs);
      transposed.columns[at] = nameOf(output, Math.floor(turned / width), turned % width);
      transposed.places[at] = place;
    }
  return { positions, starts, columns, transposed };
}

/** Lengths, each behind the place of its own, become beginnings. */
function addUp(lengths: Int32Array): void {
  for (let i = 1; i < lengths.length; i++) lengths[i] += lengths[i - 1];
}

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
  const kept: { position: number; input: number; output: number; y: number; x: number }[] = [];
  for (let position = 0; position < mask.length; position++) {
    if (mask[position] === 0) continue;
    const output = position % outputs;
    const rest = Math.floor(position / outputs);
    const tap = Math.floor(rest / inputs);
    kept.push({ position, input: rest % inputs, output, y: Math.floor(tap / width), x: tap % width });
  }
  const name = (channel: number, y: number, x: number) =>
    shape.length === 4 ? (channel << 16) | (y << 8) | x : channel;
  const byOutput = kept
    .map((weight) => ({ ...weight, column: name(weight.input, weight.y, weight.x) }))
    .sort((a, b) => a.output - b.output || a.column - b.column);
  // The input gradient is a convolution with the kernel turned round.
  const byInput = byOutput
    .map(({ input, output, y, x }, place) => ({ input, place, column: name(output, height - 1 - y, width - 1 - x) }))
    .sort((a, b) => a.input - b.input || a.column - b.column);
  return {
    positions: Int32Array.from(byOutput, ({ position }) => position),
    starts: startsOf(byOutput, outputs, ({ output }) => output),
    columns: Int32Array.from(byOutput, ({ column }) => column),
    transposed: {
      starts: startsOf(byInput, inputs, ({ input }) => input),
      columns: Int32Array.from(byInput, ({ column }) => column),
      places: Int32Array.from(byInput, ({ place }) => place),
    },
  };
}

function startsOf<T>(sorted: readonly T[], rows: number, rowOf: (item: T) => number): Int32Array {
  const starts = new Int32Array(rows + 1);
  for (const item of sorted) starts[rowOf(item) + 1]++;
  for (let row = 0; row < rows; row++) starts[row + 1] += starts[row];
  return starts;
}

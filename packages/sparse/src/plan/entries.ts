import { programFormat } from '@prunebench/backend-native';
import type { Product } from '../graph/operations.ts';
import { type CsrMatrix, eachWeight } from '../storage/csr.ts';
import { type Plane, planeFloats } from './layout.ts';

/** Weights as the kernels read them (`TableFormat`). */
export interface EntryTable {
  /** Offsets and weights, interleaved. */
  readonly entries: Float32Array;
  readonly starts: Int32Array;
}

/** How far the input of a column of weights lies from the window's corner, in floats. */
function offsetOf(product: Product, input: Plane, cellFloats: number): (row: number, column: number) => number {
  const { size, dilation } = product.window;
  const channels = input.channels / product.groups;
  const perGroup = product.weights.rows / product.groups;
  const plane = planeFloats(input, cellFloats);
  return (row, column) => {
    const channel = Math.floor(row / perGroup) * channels + (column % channels);
    const tap = Math.floor(column / channels);
    const [y, x] = [Math.floor(tap / size[1]) * dilation[0], (tap % size[1]) * dilation[1]];
    return channel * plane + (y * input.pitch + x) * cellFloats;
  };
}

/**
 * Single weights, by pass over the input channels and output. A pass takes an equal share of a group's channels, so that what it
 * reads stays in the first-level cache while all outputs use it.
 */
export function entriesOf(product: Product, input: Plane, cellFloats: number, passes: number): EntryTable {
  const { weights, groups } = product;
  const channels = input.channels / groups;
  const passOf = passesOver(channels, passes);
  const starts = new Int32Array(passes * weights.rows + 1);
  eachWeight(weights, (row, column) => starts[passOf(column % channels) * weights.rows + row + 1]++);
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
  const next = starts.slice();
  const { entryFloats } = programFormat().tables;
  const entries = new Float32Array(weights.values.length * entryFloats);
  const offsets = new Int32Array(entries.buffer);
  const offset = offsetOf(product, input, cellFloats);
  eachWeight(weights, (row, column, value) => {
    const at = next[passOf(column % channels) * weights.rows + row]++ * entryFloats;
    offsets[at] = offset(row, column);
    entries[at + 1] = value;
  });
  return { entries, starts };
}

/** Offsets among features have 16 bits. */
const OFFSETS = 2 ** 16;

export interface FeatureTable extends EntryTable {
  /** For each pass, its rows in ascending order of their weights: output, weights. */
  readonly starts: Int32Array;
  readonly passes: number;
  /** Features of a pass. */
  readonly share: number;
}

/** Single weights of a product of features, by pass and row, in fours: their offsets, then the weights. There may be more passes than wanted. */
export function featureTable({ weights }: Product, cellFloats: number, wantedPasses: number): FeatureTable {
  const { rows, columns } = weights;
  const { fourFloats, featureOffsetFloats } = programFormat().tables;
  const share = Math.min(Math.ceil(columns / wantedPasses), Math.floor((OFFSETS * featureOffsetFloats) / cellFloats));
  const passes = Math.ceil(columns / share);
  const lengths = new Int32Array(passes * rows);
  const listOf = (row: number, column: number) => Math.floor(column / share) * rows + row;
  eachWeight(weights, (row, column) => lengths[listOf(row, column)]++);
  const starts = new Int32Array(passes * rows * 2);
  const next = new Int32Array(passes * rows);
  let fours = 0;
  const byLength = Array.from(lengths.keys()).sort(
    (a, b) => Math.floor(a / rows) - Math.floor(b / rows) || lengths[a] - lengths[b],
  );
  for (const [place, list] of byLength.entries()) {
    starts.set([list % rows, lengths[list]], place * 2);
    next[list] = fours * 4;
    fours += Math.ceil(lengths[list] / 4);
  }
  const entries = new Float32Array(fours * fourFloats);
  const offsets = new Uint16Array(entries.buffer);
  eachWeight(weights, (row, column, value) => {
    const at = next[listOf(row, column)]++;
    const [four, place] = [Math.floor(at / 4) * fourFloats, at % 4];
    offsets[four * 2 + place] = ((column % share) * cellFloats) / featureOffsetFloats;
    entries[four + 2 + place] = value;
  });
  return { entries, starts, passes, share };
}

/** Blocks of neighbouring outputs that share an input; with `full` also those without a weight. Groups of channels are not possible. */
export function blocksOf(
  product: Product,
  input: Plane,
  cellFloats: number,
  passes: number,
  full: boolean,
): EntryTable {
  const { weights } = product;
  const { blockRows, blockFloats } = programFormat().tables;
  const passOf = passesOver(input.channels, passes);
  const groups = Math.ceil(weights.rows / blockRows);
  const occupied = full ? undefined : occupiedBlocks(weights);
  const starts = new Int32Array(passes * groups + 1);
  const isStored = (group: number, column: number) => !occupied || occupied[group * weights.columns + column] === 1;
  const visit = (body: (list: number, group: number, column: number) => void) => {
    for (let group = 0; group < groups; group++)
      for (let column = 0; column < weights.columns; column++)
        if (isStored(group, column)) body(passOf(column % input.channels) * groups + group, group, column);
  };
  visit((list) => starts[list + 1]++);
  for (let i = 1; i < starts.length; i++) starts[i] += starts[i - 1];
  const next = starts.slice();
  const entries = new Float32Array(starts[starts.length - 1] * blockFloats);
  const offsets = new Int32Array(entries.buffer);
  const place = new Int32Array(groups * weights.columns);
  const offset = offsetOf(product, input, cellFloats);
  visit((list, group, column) => {
    const at = next[list]++;
    place[group * weights.columns + column] = at;
    offsets[at * blockFloats] = offset(group * blockRows, column);
  });
  eachWeight(weights, (row, column, value) => {
    const at = place[Math.floor(row / blockRows) * weights.columns + column];
    entries[at * blockFloats + 1 + (row % blockRows)] = value;
  });
  return { entries, starts };
}

/** Blocks with a weight / all blocks. */
export function blockDensity(weights: CsrMatrix): number {
  const occupied = occupiedBlocks(weights);
  return occupied.length === 0 ? 1 : occupied.reduce((sum, one) => sum + one, 0) / occupied.length;
}

function occupiedBlocks(weights: CsrMatrix): Uint8Array {
  const { blockRows } = programFormat().tables;
  const occupied = new Uint8Array(Math.ceil(weights.rows / blockRows) * weights.columns);
  eachWeight(weights, (row, column) => {
    occupied[Math.floor(row / blockRows) * weights.columns + column] = 1;
  });
  return occupied;
}

/**
 * The transformed filters of a dense 3 x 3 convolution, G g Gᵀ (Lavin and Gray 2016, F(2x2, 3x3)), as full rows of blocks for each
 * of the 16 places of a patch.
 */
export function winogradEntries(product: Product, channels: number, vectors: number, lanes: number): EntryTable {
  const { weights } = product;
  const { blockRows, blockFloats, winogradVectors } = programFormat().tables;
  const places = transformedFilters(weights, channels);
  const groups = Math.ceil(weights.rows / blockRows);
  const entries = new Float32Array(16 * groups * channels * blockFloats);
  const offsets = new Int32Array(entries.buffer);
  const starts = Int32Array.from({ length: 16 * groups + 1 }, (_, i) => i * channels);
  const floats = Math.max(winogradVectors, vectors) * lanes;
  let at = 0;
  for (let place = 0; place < 16; place++)
    for (let group = 0; group < groups; group++)
      for (let channel = 0; channel < channels; channel++, at += blockFloats) {
        offsets[at] = channel * floats;
        for (let b = 0; b < blockRows && group * blockRows + b < weights.rows; b++)
          entries[at + 1 + b] = places[(place * weights.rows + group * blockRows + b) * channels + channel];
      }
  return { entries, starts };
}

const G = [
  [1, 0, 0],
  [0.5, 0.5, 0.5],
  [0.5, -0.5, 0.5],
  [0, 0, 1],
];

/** [16 places][outputs][channels] */
function transformedFilters(weights: CsrMatrix, channels: number): Float64Array {
  const places = new Float64Array(16 * weights.rows * channels);
  eachWeight(weights, (row, column, value) => {
    const channel = column % channels;
    const tap = Math.floor(column / channels);
    const [y, x] = [Math.floor(tap / 3), tap % 3];
    for (let place = 0; place < 16; place++)
      places[(place * weights.rows + row) * channels + channel] += value * G[place >> 2][y] * G[place & 3][x];
  });
  return places;
}

/** Which pass takes a channel. */
function passesOver(channels: number, passes: number): (channel: number) => number {
  const share = Math.ceil(channels / passes);
  return (channel) => Math.floor(channel / share);
}

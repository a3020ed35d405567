import type { Masks, ParameterRecord, Subject } from '@prunebench/core';
import type { LayerGradients, WeightLayer } from '@prunebench/signals';

/** Weights of one parameter that belong to a block. */
export interface BlockPart {
  readonly gradients: LayerGradients;
  readonly parameter: string;
  /** Flat indices into the parameter. */
  readonly indices: Int32Array;
  /** Whether its weights may be removed; biases usually only move to compensate. */
  readonly prunable: boolean;
}

/** Weights whose joint curvature is kept; those of different blocks are taken to be independent. */
export type WeightBlock = readonly BlockPart[];

export function blockSize(block: WeightBlock): number {
  return block.reduce((size, { indices }) => size + indices.length, 0);
}

/** All kernels and biases in one block: the full matrix of optimal brain surgeon. `biases` says whether they may go too. */
export function wholeNetworkBlock(layers: readonly LayerGradients[], biases: boolean): WeightBlock {
  return layers.flatMap((gradients) => {
    const { layer } = gradients;
    const kernel = { gradients, parameter: layer.kernel, indices: range(0, layer.fanIn * layer.units), prunable: true };
    if (layer.bias === undefined) return [kernel];
    return [kernel, { gradients, parameter: layer.bias, indices: range(0, layer.units), prunable: biases }];
  });
}

/**
 * The kernel cut into runs of at most `size` weights in the order (unit, input): the incoming weights of one output unit
 * stand together, as in the papers' [out, in] kernels; those of a convolution run over (row, column, channel), in PyTorch's
 * kernels over (channel, row, column). With `withinUnits` no block holds weights of two units, and a unit
 * that fits as a whole takes its bias along.
 */
export function kernelBlocks(gradients: LayerGradients, size: number, withinUnits: boolean): WeightBlock[] {
  const { layer } = gradients;
  const weights = layer.fanIn * layer.units;
  const span = withinUnits ? layer.fanIn : weights;
  const blocks: WeightBlock[] = [];
  for (let from = 0; from < weights; from += span)
    for (let start = from; start < from + span; start += size) {
      const end = Math.min(from + span, start + size);
      const indices = range(start, end).map((i) => (i % layer.fanIn) * layer.units + Math.floor(i / layer.fanIn));
      const kernel: BlockPart = { gradients, parameter: layer.kernel, indices, prunable: true };
      blocks.push(withinUnits && size >= span ? [kernel, ...unitBias(gradients, layer, from / span)] : [kernel]);
    }
  return blocks;
}

function unitBias(gradients: LayerGradients, { bias }: WeightLayer, unit: number): BlockPart[] {
  return bias === undefined ? [] : [{ gradients, parameter: bias, indices: Int32Array.of(unit), prunable: false }];
}

/**
 * The block's sample gradients by columns: [block size, rows]. Columns of weights that are pruned already are 0.
 */
export function blockGradients(block: WeightBlock, masks: Masks): Float64Array {
  const { rows } = block[0].gradients;
  const columns = new Float64Array(blockSize(block) * rows);
  let offset = 0;
  for (const { gradients, parameter, indices } of block) {
    const isKernel = parameter === gradients.layer.kernel;
    for (const index of indices) {
      if (masks[parameter]?.[index] !== 0) {
        if (isKernel) gradients.kernelColumn(index, columns, offset);
        else gradients.biasColumn(index, columns, offset);
      }
      offset += rows;
    }
  }
  return columns;
}

/** The block's values in float64; pruned ones are 0. */
export function blockWeights(block: WeightBlock, { parameters, masks }: Subject): Float64Array {
  return gather(block, ({ parameter }, index) =>
    masks[parameter]?.[index] === 0 ? 0 : parameters[parameter].values[index],
  );
}

/** 1 for the block's weights that `masks` removes. */
export function blockRemoved(block: WeightBlock, masks: Masks): Uint8Array {
  return Uint8Array.from(gather(block, ({ parameter }, index) => (masks[parameter]?.[index] === 0 ? 1 : 0)));
}

/** 1 for the block's weights that are there and may be removed. */
export function blockPrunable(block: WeightBlock, masks: Masks): Uint8Array {
  return Uint8Array.from(
    gather(block, ({ parameter, prunable }, index) => (prunable && masks[parameter]?.[index] !== 0 ? 1 : 0)),
  );
}

/** Writes one number per weight of the block into arrays by parameter name; parameters without an array are passed over. */
export function scatter(
  block: WeightBlock,
  values: Float64Array,
  into: Readonly<Record<string, Float32Array | Float64Array>>,
): void {
  let i = 0;
  for (const { parameter, indices } of block) {
    const target = into[parameter];
    if (target) for (let k = 0; k < indices.length; k++) target[indices[k]] = values[i + k];
    i += indices.length;
  }
}

/** Zero scores for every kernel, and for every bias where `biases` is set, to be filled by `scatter`. */
export function emptyScores(layers: readonly WeightLayer[], biases = false): Record<string, Float64Array> {
  return Object.fromEntries(
    layers.flatMap(({ kernel, bias, fanIn, units }): [string, Float64Array][] => [
      [kernel, new Float64Array(fanIn * units)],
      ...(biases && bias !== undefined ? [[bias, new Float64Array(units)] satisfies [string, Float64Array]] : []),
    ]),
  );
}

/** A copy of the parameters whose arrays may be written. */
export function copyParameters(
  parameters: ParameterRecord,
): Record<string, { shape: readonly number[]; values: Float32Array }> {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, { shape, values }]) => [name, { shape, values: values.slice() }]),
  );
}

/** The arrays behind a parameter record, for `scatter`. */
export function valuesOf(parameters: ParameterRecord): Record<string, Float32Array> {
  return Object.fromEntries(Object.entries(parameters).map(([name, { values }]) => [name, values]));
}

function gather(block: WeightBlock, value: (part: BlockPart, index: number) => number): Float64Array {
  const values = new Float64Array(blockSize(block));
  let i = 0;
  for (const part of block) for (const index of part.indices) values[i++] = value(part, index);
  return values;
}

function range(start: number, end: number): Int32Array {
  return Int32Array.from({ length: end - start }, (_, i) => start + i);
}

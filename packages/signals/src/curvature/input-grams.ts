import type { Subject } from '@prunebench/core';
import { TensorScope } from '@prunebench/network';
import { z } from 'zod';
import { firstExamples } from '../calibration/first-examples.ts';
import { forwardSignals } from '../layer-signals.ts';
import { addGram } from '../linear-algebra/gram.ts';
import { writePatches } from '../patches.ts';
import { aliveTensors } from '../tensors.ts';
import { type WeightLayer, weightLayers } from '../weight-layers.ts';

/** Option of the criteria that read their layers' inputs. */
export const patchLimit = z
  .int()
  .positive()
  .default(16_384)
  .describe("positions of all examples together that a convolution's inputs are taken from");

/** YᵀY of what one input group of a layer's kernel sees on the calibration examples. */
export interface InputGram {
  readonly layer: WeightLayer;
  readonly group: number;
  /** [size, size], lower triangle; with a bias the last row belongs to its constant input 1. */
  readonly gram: Float64Array;
  readonly size: number;
  /** Rows of Y: examples, times output positions for a convolution. */
  readonly rows: number;
}

/**
 * The Gram matrix of every weight layer's inputs over `samples` calibration examples; convolutions through their patches.
 *
 * @param maximumPatches rows of Y that a convolution takes at most; beyond it every k-th position, shifted from example to
 *   example so that all positions count alike
 */
export async function inputGrams(
  subject: Subject,
  samples: number,
  maximumPatches: number,
): Promise<readonly InputGram[]> {
  const layers = weightLayers(subject.network);
  const sums = layers.flatMap((layer) =>
    Array.from({ length: layer.groups }, (_, group) => new RowAccumulator(layer, group)),
  );
  const batches = [...firstExamples(subject, samples)];
  const total = batches.reduce((sum, { size }) => sum + size, 0);
  let example = 0;
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  for (const batch of batches) {
    const { inputs } = await forwardSignals(subject.network, parameters, batch, layers);
    for (const sum of sums) {
      const values = inputs.get(sum.layer.layer.name)!;
      for (let k = 0; k < batch.size; k++)
        sum.add(
          values,
          (values.length / batch.size) * k,
          chosenPositions(sum.layer, example + k, total, maximumPatches),
        );
    }
    example += batch.size;
  }
  return sums.map((sum) => sum.finish());
}

function chosenPositions(
  { positions }: WeightLayer,
  example: number,
  examples: number,
  maximumPatches: number,
): number[] {
  const step = Math.max(1, Math.ceil((positions * examples) / maximumPatches));
  const chosen = [];
  for (let l = example % step; l < positions; l += step) chosen.push(l);
  return chosen;
}

/** Collects rows of Y in a buffer of columns, so that the products run over long columns. */
class RowAccumulator {
  readonly layer: WeightLayer;
  readonly group: number;
  readonly #size: number;
  readonly #gram: Float64Array;
  readonly #capacity: number;
  readonly #columns: Float64Array;
  #used = 0;
  #rows = 0;

  constructor(layer: WeightLayer, group: number) {
    this.layer = layer;
    this.group = group;
    this.#size = layer.fanIn + (layer.bias === undefined ? 0 : 1);
    this.#gram = new Float64Array(this.#size ** 2);
    this.#capacity = Math.max(256, layer.positions);
    this.#columns = new Float64Array(this.#size * this.#capacity);
  }

  add(values: Float32Array, offset: number, positions: readonly number[]): void {
    if (this.#used + positions.length > this.#capacity) this.#flush();
    const target = { columns: this.#columns, stride: this.#capacity, row: this.#used };
    writePatches(this.layer, values, offset, this.group, positions, target);
    if (this.layer.bias !== undefined) {
      const ones = this.layer.fanIn * this.#capacity + this.#used;
      this.#columns.fill(1, ones, ones + positions.length);
    }
    this.#used += positions.length;
    this.#rows += positions.length;
  }

  finish(): InputGram {
    this.#flush();
    return { layer: this.layer, group: this.group, gram: this.#gram, size: this.#size, rows: this.#rows };
  }

  /** Rows of a half-full buffer that were not written are 0 and add nothing. */
  #flush(): void {
    addGram(this.#gram, this.#columns, this.#size, this.#capacity);
    this.#columns.fill(0);
    this.#used = 0;
  }
}

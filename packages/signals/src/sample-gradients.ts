import type { Batch, Subject } from '@prunebench/core';
import { TensorScope, takeValues } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { firstExamples } from './calibration/first-examples.ts';
import { backwardSignals, forwardSignals } from './layer-signals.ts';
import { type GradientKind, outputFactors, outputLoss } from './output-loss.ts';
import { writePatches } from './patches.ts';
import { aliveTensors } from './tensors.ts';
import { type WeightLayer, weightLayers } from './weight-layers.ts';

/** The sample gradients of one layer, as a matrix G whose rows are (output factor, example) and whose columns are weights. */
export interface LayerGradients {
  readonly layer: WeightLayer;
  readonly rows: number;
  readonly samples: number;
  /** Writes the column of the kernel's weight at flat index `index` into `out` at `offset`. */
  kernelColumn(index: number, out: Float64Array, offset: number): void;
  biasColumn(unit: number, out: Float64Array, offset: number): void;
}

/** Rows of G that one example gives. */
export function rowsPerSample(kind: GradientKind, subject: Pick<Subject, 'network'>): number {
  const layers = weightLayers(subject.network);
  return kind === 'all' ? layers[layers.length - 1].units : 1;
}

/**
 * Bytes that `sampleGradients` takes: factors for dense layers (their gradients are outer products), whole gradients for
 * convolutions; twice over while they are turned into columns.
 */
export function gradientBytes(subject: Pick<Subject, 'network'>, samples: number, kind: GradientKind): number {
  const rows = samples * rowsPerSample(kind, subject);
  return weightLayers(subject.network).reduce((bytes, { layer, fanIn, units }) => {
    const values = layer.kind === 'dense' ? samples * fanIn + rows * units : rows * (fanIn * units + units);
    return bytes + 8 * values;
  }, 0);
}

/**
 * Per-sample gradients of all weight layers over the first `samples` calibration examples, networks in evaluation mode.
 */
export async function sampleGradients(
  subject: Subject,
  samples: number,
  kind: GradientKind,
): Promise<readonly LayerGradients[]> {
  const layers = weightLayers(subject.network);
  const random = subject.random.fork('output-factors');
  const loss = outputLoss(subject.network);
  const parts = layers.map((): BatchSignals[] => []);
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  for (const batch of firstExamples(subject, samples)) {
    const { outputs, inputs } = await forwardSignals(subject.network, parameters, batch, layers);
    const labelled = { outputs, labels: batch.y, units: outputs.length / batch.size };
    const seeds = outputFactors(loss, kind, labelled, random);
    const deltas = [];
    for (const seed of seeds) deltas.push(await backwardSignals(subject.network, parameters, batch, layers, seed));
    for (const [l, { layer }] of layers.entries())
      parts[l].push(
        await keepSignals(
          layers[l],
          batch,
          inputs.get(layer.name)!,
          deltas.map((delta) => delta.get(layer.name)!),
        ),
      );
  }
  return layers.map((layer, l) =>
    layer.layer.kind === 'dense' ? denseGradients(layer, parts[l]) : storedGradients(layer, parts[l]),
  );
}

/** What is kept of one batch. */
interface BatchSignals {
  readonly size: number;
  /** Dense: the layer's inputs [size, fanIn]. Convolution: nothing. */
  readonly inputs: Float32Array;
  /** Per output factor. Dense: δ [size, units]. Convolution: kernel gradients [size, fanIn * units]. */
  readonly factors: readonly Float32Array[];
  /** Per output factor: bias gradients [size, units]. */
  readonly biases: readonly Float32Array[];
}

async function keepSignals(
  layer: WeightLayer,
  batch: Batch,
  inputs: Float32Array,
  deltas: readonly Float32Array[],
): Promise<BatchSignals> {
  const { size } = batch;
  if (layer.layer.kind === 'dense') return { size, inputs, factors: deltas, biases: deltas };
  return {
    size,
    inputs: new Float32Array(0),
    factors: await convolutionGradients(layer, inputs, deltas, size),
    biases: deltas.map((delta) => sumPositions(layer, delta, size)),
  };
}

/** Kernel gradients of every example: patchesᵀ δ, an [fanIn, positions] x [positions, units] product each. */
export async function convolutionGradients(
  layer: WeightLayer,
  inputs: Float32Array,
  deltas: readonly Float32Array[],
  size: number,
): Promise<Float32Array[]> {
  const { fanIn, units, positions, groups } = layer;
  const weights = fanIn * units;
  const groupUnits = units / groups;
  const everywhere = Array.from({ length: positions }, (_, i) => i);
  const gradients = deltas.map(() => new Float32Array(size * weights));
  const inputSize = inputs.length / size;
  const patches = new Float32Array(fanIn * positions);
  for (let k = 0; k < size; k++)
    for (let g = 0; g < groups; g++) {
      writePatches(layer, inputs, k * inputSize, g, everywhere, { columns: patches, stride: positions, row: 0 });
      using scope = new TensorScope();
      const patchTensor = scope.own(tf.tensor2d(patches.slice(), [fanIn, positions]));
      for (const [s, delta] of deltas.entries()) {
        const product = tf.tidy(() => {
          const all = tf.tensor2d(delta.slice(k * positions * units, (k + 1) * positions * units), [positions, units]);
          return tf.matMul(
            patchTensor,
            groups === 1 ? all : tf.slice(all, [0, g * groupUnits], [positions, groupUnits]),
          );
        });
        const [values] = await takeValues([product]);
        for (let p = 0; p < fanIn; p++)
          for (let u = 0; u < groupUnits; u++)
            gradients[s][k * weights + p * units + g * groupUnits + u] = values[p * groupUnits + u];
      }
    }
  return gradients;
}

/** A bias is shared by all positions: its gradient is the sum of δ over them. */
function sumPositions({ positions, units }: WeightLayer, delta: Float32Array, size: number): Float32Array {
  const sums = new Float32Array(size * units);
  for (let k = 0; k < size; k++)
    for (let l = 0; l < positions; l++)
      for (let u = 0; u < units; u++) sums[k * units + u] += delta[(k * positions + l) * units + u];
  return sums;
}

function denseGradients(layer: WeightLayer, parts: readonly BatchSignals[]): LayerGradients {
  const samples = parts.reduce((sum, { size }) => sum + size, 0);
  const factors = parts[0].factors.length;
  const inputs = transposed([parts.map(({ size, inputs }) => ({ size, values: inputs }))], layer.fanIn, samples);
  const deltas = transposed(byFactor(parts, 'factors'), layer.units, samples);
  const rows = samples * factors;
  return {
    layer,
    rows,
    samples,
    kernelColumn(index, out, offset) {
      const unit = index % layer.units;
      const input = (index - unit) / layer.units;
      for (let s = 0; s < factors; s++)
        for (let k = 0; k < samples; k++)
          out[offset + s * samples + k] = inputs[input * samples + k] * deltas[unit * rows + s * samples + k];
    },
    biasColumn: (unit, out, offset) => out.set(deltas.subarray(unit * rows, (unit + 1) * rows), offset),
  };
}

function storedGradients(layer: WeightLayer, parts: readonly BatchSignals[]): LayerGradients {
  const samples = parts.reduce((sum, { size }) => sum + size, 0);
  const rows = samples * parts[0].factors.length;
  const kernels = transposed(byFactor(parts, 'factors'), layer.fanIn * layer.units, samples);
  const biases = transposed(byFactor(parts, 'biases'), layer.units, samples);
  return {
    layer,
    rows,
    samples,
    kernelColumn: (index, out, offset) => out.set(kernels.subarray(index * rows, (index + 1) * rows), offset),
    biasColumn: (unit, out, offset) => out.set(biases.subarray(unit * rows, (unit + 1) * rows), offset),
  };
}

type Pieces = readonly { readonly size: number; readonly values: Float32Array }[];

function byFactor(parts: readonly BatchSignals[], field: 'factors' | 'biases'): Pieces[] {
  return parts[0].factors.map((_, s) => parts.map((part) => ({ size: part.size, values: part[field][s] })));
}

/** Batches of [size, width] per factor, as columns [width, factors * samples]. */
function transposed(factors: readonly Pieces[], width: number, samples: number): Float32Array {
  const rows = factors.length * samples;
  const columns = new Float32Array(width * rows);
  for (const [s, pieces] of factors.entries()) {
    let row = s * samples;
    for (const { size, values } of pieces) {
      for (let c = 0; c < width; c++)
        for (let k = 0; k < size; k++) columns[c * rows + row + k] = values[k * width + c];
      row += size;
    }
  }
  return columns;
}

import type { Batch, Scores, Subject } from '@prunebench/core';
import { TensorScope, takeValues, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { z } from 'zod';
import { layerOutputs } from '../layer-signals.ts';
import { aliveTensors, applyLayer, batchTensor } from '../tensors.ts';
import { gateOf } from './gate.ts';
import { unitKernels } from './kernels.ts';
import { type Link, outgoingLinks } from './links.ts';

/** The part of the calibration split that a criterion looks at. */
export const calibrationOptions = {
  batchSize: z.int().positive().default(128).describe('examples of a batch'),
  batches: z.int().positive().optional().describe('how many batches of the calibration split; all of it when left out'),
};

export interface CalibrationOptions {
  readonly batchSize: number;
  readonly batches?: number | undefined;
}

/** That part, batch by batch. */
export function calibrationBatches(subject: Pick<Subject, 'batches'>, options: CalibrationOptions): Iterable<Batch> {
  const { batchSize, batches: count } = options;
  return subject.batches({ batchSize, ...(count !== undefined && { count }) });
}

/** What a reader gets from the units it reads, on one batch. */
export interface Consumption {
  readonly link: Link;
  /** The reader's kernel. */
  readonly kernel: tf.Tensor;
  /** The reader's input: [N, features] or [N, height, width, channels]. */
  readonly z: tf.Tensor;
  /** The reader's activation: its output after its batch norm and nonlinearity, where it has them. */
  readonly next: tf.Tensor;
}

/**
 * Sums `term` over the calibration batches and over all readers of every kernel whose units may be removed. The network
 * runs as at inference: batch norm with its running statistics.
 *
 * @param term from a reader's input and output to a tensor of the input's shape, summed here to one number per unit
 * @returns scores [units]
 */
export async function sumConsumption(
  subject: Subject,
  options: CalibrationOptions,
  term: (consumption: Consumption) => tf.Tensor,
): Promise<Scores> {
  const { network } = subject;
  const kernels = unitKernels(network);
  const scores = Object.fromEntries(kernels.map(({ name, units }) => [name, new Float64Array(units)]));
  using scope = new TensorScope();
  const tensors = aliveTensors(subject, scope);
  for (const batch of calibrationBatches(subject, options)) {
    const sums: { name: string; perUnit: tf.Tensor }[] = tidy(() => {
      const outputs = layerOutputs(network, tensors, batchTensor(network, batch));
      return kernels.flatMap(({ name, layer, units }) =>
        outgoingLinks(network, layer, units).map((link) => {
          const z = outputs.get(link.reader.inputs[0])!;
          const next = outputs.get(gateOf(network, link.reader.name))!;
          const kernel = tensors[`${link.reader.name}/kernel`];
          return { name, perUnit: perUnit(term({ link, kernel, z, next }), units) };
        }),
      );
    });
    const values = await takeValues(sums.map(({ perUnit }) => perUnit));
    for (const [i, { name }] of sums.entries())
      for (const [unit, sum] of values[i].entries()) scores[name][unit] += sum;
  }
  return scores;
}

/**
 * z * (L^T dy), where L is the reader as a linear map: how much each entry of its input contributes to the inner product
 * of its output (without bias) with `dy`. Sums to <L z, dy>.
 */
export function contributions(
  { reader }: Link,
  kernel: tf.Tensor,
  z: tf.Tensor,
  dy: (y: tf.Tensor) => tf.Tensor,
): tf.Tensor {
  const linear = { ...reader, useBias: false };
  const apply = (x: tf.Tensor) => applyLayer(linear, x, { [`${reader.name}/kernel`]: kernel });
  const y = apply(z);
  return tf.mul(z, tf.grad(apply)(z, dy(y)));
}

/** Units are the last dimension, or feature f belongs to unit f mod units. */
function perUnit(values: tf.Tensor, units: number): tf.Tensor {
  return tf.sum(tf.reshape(values, [-1, units]), 0);
}

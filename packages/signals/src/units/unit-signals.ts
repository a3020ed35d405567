import type { Batch, Network, Scores, Subject } from '@prunebench/core';
import {
  type ForwardHooks,
  forward,
  lossOf,
  ofRank,
  type ParameterTensors,
  TensorScope,
  takeValues,
  tidy,
} from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { aliveTensors, batchTensor } from '../tensors.ts';
import { type CalibrationOptions, calibrationBatches } from './consumption.ts';
import { gateOf } from './gate.ts';
import { type UnitKernel, unitKernels } from './kernels.ts';

/** What the units of a kernel give on one batch, and what the loss makes of it. */
export interface UnitSignals {
  readonly kernel: UnitKernel;
  /** At the gate: behind batch norm and activation, [N, ..., units]. */
  readonly activation: tf.Tensor;
  /** ∂ℓ_b/∂activation of each example's own loss ℓ_b, of the same shape. */
  readonly gradient: tf.Tensor;
  /** Class of each example. */
  readonly labels: Int32Array;
}

/** Sums over the calibration examples, per kernel, and over how many. */
export interface UnitSums {
  readonly sums: Readonly<Record<string, Float64Array>>;
  readonly examples: number;
  readonly batches: number;
}

/** The loss of a batch, summed over its examples, from outputs [N, outputs]. */
export type SummedLoss = (outputs: tf.Tensor2D, labels: tf.Tensor1D) => tf.Scalar;

/**
 * Sums `term` over the calibration batches, for every kernel whose units may be removed. The network runs as at inference, one pass
 * forwards and one backwards for each batch.
 *
 * @param term what to sum, [units] or a multiple of it
 * @param loss instead of the network's own
 */
export async function sumUnitSignals(
  subject: Subject,
  options: CalibrationOptions,
  term: (signals: UnitSignals) => tf.Tensor,
  loss?: SummedLoss,
): Promise<UnitSums> {
  return sumOver(subject, options, (batch, parameters, kernels) => {
    const { network } = subject;
    const x = batchTensor(network, batch);
    const labels = tf.tensor1d(batch.y, 'int32');
    const own: SummedLoss = (outputs, labels) => tf.mul(lossOf(network).mean(outputs, labels), batch.size);
    const places = new Map(kernels.map(({ gate }, k) => [gate, k]));
    const plain = activationsAt(network, parameters, x, kernels);
    // A zero added to what the units give: the gradient with respect to it is that of the loss with respect to them.
    const taps = kernels.map(({ gate }) => tf.zerosLike(plain.get(gate)!));
    const gradients = tf.grads((...added: tf.Tensor[]) => {
      const hook = tapping(places, (name, y) => tf.add(y, added[places.get(name)!]));
      return (loss ?? own)(ofRank(forward(network, parameters, x, { hooks: [hook] }), 2), labels);
    })(taps);
    return kernels.map(({ kernel, gate }, k) =>
      term({ kernel, activation: plain.get(gate)!, gradient: gradients[k], labels: batch.y }),
    );
  });
}

/** As `sumUnitSignals`, for what needs no gradient. */
export async function sumUnitActivations(
  subject: Subject,
  options: CalibrationOptions,
  term: (signals: Omit<UnitSignals, 'gradient'>) => tf.Tensor,
): Promise<UnitSums> {
  return sumOver(subject, options, (batch, parameters, kernels) => {
    const found = activationsAt(subject.network, parameters, batchTensor(subject.network, batch), kernels);
    return kernels.map(({ kernel, gate }) => term({ kernel, activation: found.get(gate)!, labels: batch.y }));
  });
}

/**
 * ∂ℓ_b/∂α_c of gates α = 1 on the units: Σ over positions of activation times gradient, [N, units]. Summed before anything is squared
 * or made absolute: a unit is one gate, wherever it fires.
 */
export function gateGradients({ kernel, activation, gradient }: UnitSignals): tf.Tensor {
  return overPositions(tf.mul(activation, gradient), kernel.units);
}

/** The mean over positions of each example, summed over the examples: [units]. */
export function sumOfMeans(values: tf.Tensor, units: number): tf.Tensor {
  return tf.mul(tf.mean(tf.reshape(values, [-1, units]), 0), values.shape[0]);
}

/** The sum over positions, [N, units]. */
function overPositions(values: tf.Tensor, units: number): tf.Tensor {
  return tf.sum(tf.reshape(values, [values.shape[0], -1, units]), 1);
}

interface GatedKernel {
  readonly kernel: UnitKernel;
  readonly gate: string;
}

async function sumOver(
  subject: Subject,
  options: CalibrationOptions,
  terms: (batch: Batch, parameters: Record<string, tf.Tensor>, kernels: readonly GatedKernel[]) => tf.Tensor[],
): Promise<UnitSums> {
  const kernels = unitKernels(subject.network).map((kernel) => ({
    kernel,
    gate: gateOf(subject.network, kernel.layer),
  }));
  const sums: Record<string, Float64Array> = {};
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  let [examples, batches] = [0, 0];
  for (const batch of calibrationBatches(subject, options)) {
    const values = await takeValues(tidy(() => terms(batch, parameters, kernels)));
    for (const [k, { kernel }] of kernels.entries()) {
      sums[kernel.name] ??= new Float64Array(values[k].length);
      for (const [i, value] of values[k].entries()) sums[kernel.name][i] += value;
    }
    examples += batch.size;
    batches++;
  }
  return { sums, examples, batches };
}

function activationsAt(
  network: Network,
  parameters: ParameterTensors,
  x: tf.Tensor,
  kernels: readonly GatedKernel[],
): ReadonlyMap<string, tf.Tensor> {
  const found = new Map<string, tf.Tensor>();
  const keep = (name: string, y: tf.Tensor) => {
    found.set(name, y);
    return y;
  };
  forward(network, parameters, x, { hooks: [tapping(new Map(kernels.map(({ gate }, k) => [gate, k])), keep)] });
  return found;
}

function tapping(gates: ReadonlyMap<string, number>, output: (name: string, y: tf.Tensor) => tf.Tensor): ForwardHooks {
  return { watches: ({ name }) => gates.has(name), output: ({ name }, y) => output(name, y) };
}

/** Scores from sums: one of each unit. */
export function scoresOf({ sums }: UnitSums, score: (sum: number) => number): Scores {
  return Object.fromEntries(Object.entries(sums).map(([name, own]) => [name, own.map(score)]));
}

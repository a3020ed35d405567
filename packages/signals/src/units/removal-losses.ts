import type { Layer, Network, Scores, Subject } from '@prunebench/core';
import { computeLayer, type ParameterTensors, TensorScope, takeValues, tidy } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import { layerOutputs } from '../layer-signals.ts';
import { outputLoss } from '../output-loss.ts';
import { aliveTensors, batchTensor } from '../tensors.ts';
import { type CalibrationOptions, calibrationBatches } from './consumption.ts';
import { gateOf } from './gate.ts';
import { unitKernels } from './kernels.ts';

/** Numbers that stacked activations may hold at once. */
const STACKED = 1 << 22;

/**
 * The mean loss of the network, and what it is once each unit alone gives 0 (at its gate, behind batch norm and activation). What
 * comes before a unit's gate is computed once, and several units go through the layers behind it as one batch.
 *
 * @returns `losses` [units] of every kernel whose units may be removed
 */
export async function removalLosses(
  subject: Subject,
  options: CalibrationOptions,
): Promise<{ readonly loss: number; readonly losses: Scores }> {
  const { network } = subject;
  const kernels = unitKernels(network).map((kernel) => ({ ...kernel, gate: gateOf(network, kernel.layer) }));
  const loss = outputLoss(network);
  const losses = Object.fromEntries(kernels.map(({ name, units }) => [name, new Float64Array(units)]));
  let [whole, examples] = [0, 0];
  using scope = new TensorScope();
  const parameters = aliveTensors(subject, scope);
  for (const batch of calibrationBatches(subject, options)) {
    using held = new TensorScope();
    const outputs = held.own(
      Object.fromEntries(tidy(() => [...layerOutputs(network, parameters, batchTensor(network, batch))])),
    );
    const lossesOf = (values: Float32Array, copies: number) =>
      loss.values({
        outputs: values,
        labels: Int32Array.from({ length: copies * batch.size }, (_, i) => batch.y[i % batch.size]),
        units: values.length / (copies * batch.size),
      });
    const [plain] = await takeValues([tf.clone(outputs[network.layers[network.layers.length - 1].name])]);
    whole += sum(lossesOf(Float32Array.from(plain), 1));
    for (const { name, units, gate } of kernels) {
      const behind = layersBehind(network, gate);
      const perCopy = Math.max(...[gate, ...behind.map((layer) => layer.name)].map((each) => outputs[each].size));
      const chunk = Math.max(1, Math.floor(STACKED / perCopy));
      for (let first = 0; first < units; first += chunk) {
        const copies = Math.min(chunk, units - first);
        const [values] = await takeValues([
          tidy(() => without(outputs, parameters, { gate, behind, units, first, copies })),
        ]);
        const each = lossesOf(Float32Array.from(values), copies);
        for (let k = 0; k < copies; k++)
          losses[name][first + k] += sum(each.subarray(k * batch.size, (k + 1) * batch.size));
      }
    }
    examples += batch.size;
  }
  for (const own of Object.values(losses)) for (let i = 0; i < own.length; i++) own[i] /= examples;
  return { loss: whole / examples, losses };
}

interface Without {
  readonly gate: string;
  readonly behind: readonly Layer[];
  readonly units: number;
  readonly first: number;
  readonly copies: number;
}

/** The network's outputs [copies * N, outputs], in copy k without unit `first` + k. */
function without(
  outputs: Readonly<Record<string, tf.Tensor>>,
  parameters: ParameterTensors,
  { gate, behind, units, first, copies }: Without,
): tf.Tensor {
  const full = outputs[gate];
  const kept = new Float32Array(copies * units).fill(1);
  for (let k = 0; k < copies; k++) kept[k * units + first + k] = 0;
  const copied = (tensor: tf.Tensor) => tf.tile(tensor, [copies, ...tensor.shape.slice(1).map(() => 1)]);
  const gates = tf.tensor(kept, [copies, 1, units]);
  const gated = tf.mul(tf.reshape(full, [1, -1, units]), gates);
  const found = new Map([[gate, tf.reshape(gated, [copies * full.shape[0], ...full.shape.slice(1)])]]);
  let last = found.get(gate)!;
  for (const layer of behind) {
    const inputs = layer.inputs.map((name) => found.get(name) ?? copied(outputs[name]));
    last = computeLayer(
      { layer, inputs: layer.inputs, last: layer, output: layer.name, relu: false },
      inputs,
      (name) => parameters[name],
      {},
    );
    found.set(layer.name, last);
  }
  return last;
}

/** The layers whose output depends on that of `name`, in order. */
function layersBehind(network: Network, name: string): readonly Layer[] {
  const reached = new Set([name]);
  return network.layers.filter((layer) => {
    if (!layer.inputs.some((input) => reached.has(input))) return false;
    reached.add(layer.name);
    return true;
  });
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}

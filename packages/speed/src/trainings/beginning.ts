import { type Masks, type Network, type RandomStream, type State, sizeOf, type TrainOptions } from '@prunebench/core';
import { buildModel } from '@prunebench/models';
import { initializeParameters } from '@prunebench/network';
import { madeUpBatch } from '../timed-step.ts';
import { inputShapes } from '../workloads.ts';
import type { SentStart } from './protocol.ts';

export const NETWORK = 'lenet-300-100';

/** Where a training begins on both sides. */
export interface Beginning {
  readonly network: Network;
  readonly state: State;
  readonly options: TrainOptions;
  readonly batch: { readonly x: Float32Array; readonly y: Int32Array };
}

/** LeNet-300-100 as it is initialized, and a made-up batch. */
export function beginningOf(options: TrainOptions, random: RandomStream): Beginning {
  const network = buildModel(NETWORK, { inputShape: inputShapes.mnist, classes: 10 });
  const parameters = initializeParameters(network, random.fork('init'));
  return { network, options, state: { parameters, masks: {} }, batch: madeUpBatch(network, options.batchSize, random) };
}

/** Names of its dense layers, in their order. */
export function layersOf({ layers }: Network): readonly string[] {
  return layers.filter(({ kind }) => kind === 'dense').map(({ name }) => name);
}

/** The beginning as the peer is told it. */
export function sentStart(
  training: SentStart['training'],
  { network, state: { parameters, masks }, batch }: Beginning,
  options: Readonly<Record<string, number>>,
  logVariances: readonly Float32Array[] = [],
): SentStart {
  const layers = layersOf(network);
  return {
    training,
    kernels: layers.map((name) => {
      const { shape, values } = parameters[`${name}/kernel`];
      return { shape, values: Array.from(values) };
    }),
    biases: layers.map((name) => Array.from(parameters[`${name}/bias`].values)),
    masks: Object.keys(masks).length === 0 ? [] : layers.map((name) => Array.from(masks[`${name}/kernel`])),
    logVariances: logVariances.map((values) => Array.from(values)),
    x: Array.from(batch.x),
    y: Array.from(batch.y),
    options,
  };
}

/** Every kernel's ones, in the order of the layers. */
export function keptOf(network: Network, masks: Masks): number[] {
  return layersOf(network).map((name) => masks[`${name}/kernel`].reduce((sum, bit) => sum + bit, 0));
}

/** Of a layer: [examples, units]. */
export function unitsOf({ options, state }: Beginning, layer: string): readonly [number, number] {
  return [options.batchSize, sizeOf(state.parameters[`${layer}/bias`].shape)];
}

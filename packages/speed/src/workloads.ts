import { costOf } from '@prunebench/core';
import { buildModel } from '@prunebench/models';

export const BATCH_SIZE = 128;

export interface Workload {
  readonly network: string;
  readonly dataset: 'mnist' | 'cifar10';
  /** Ratio (peer's time / ours) of a training step that we promise, and the one we aim at. */
  readonly goal: number;
  readonly aim: number;
}

export const workloads: readonly Workload[] = [
  { network: 'lenet-300-100', dataset: 'mnist', goal: 1.5, aim: 2.5 },
  { network: 'lenet-5-caffe', dataset: 'mnist', goal: 1.0, aim: 1.4 },
  { network: 'resnet-20', dataset: 'cifar10', goal: 1.1, aim: 1.5 },
  { network: 'vgg-16', dataset: 'cifar10', goal: 0.9, aim: 1.2 },
];

/** One example's shape, as the data set would give it. */
export const inputShapes = { mnist: [28, 28, 1], cifar10: [32, 32, 3] } as const;

export function buildWorkload({ network, dataset }: Workload) {
  return buildModel(network, { inputShape: inputShapes[dataset], classes: 10 });
}

/**
 * Floating-point operations of one step of a batch: 2 per multiply-add forward, as many for the gradient of the weights and
 * for that of a layer's input, which the first layer, the input being data, does not need.
 */
export function flopsPerStep(workload: Workload, mode: 'train' | 'eval'): number {
  const { multiplyAdds, layers } = costOf(buildWorkload(workload));
  const forward = multiplyAdds.dense;
  const step = mode === 'train' ? 3 * forward - layers[0].multiplyAdds.dense : forward;
  return 2 * BATCH_SIZE * step;
}

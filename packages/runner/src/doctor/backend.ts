import { fallbackCounts, isNativeAvailable, resetFallbackCounts } from '@prunebench/backend-native';
import { selectBackend } from '@prunebench/backend-select';
import { type Dataset, PrunebenchError, randomStream, type Split, trainOptions } from '@prunebench/core';
import { openSession } from '@prunebench/training';
import type { Registry } from '../registry.ts';
import type { Finding } from './check.ts';

/** Whether the native backend has what it is compiled with. */
export function checkCompiler(): Finding {
  const subject = 'C++ compiler';
  const native = isNativeAvailable();
  if (native.available) return { status: 'ok', subject, detail: 'the native backend can be built and loaded' };
  return {
    status: 'warn',
    subject,
    detail: native.reason,
    remedy:
      'Install one (Debian: apt-get install g++; macOS: xcode-select --install): the native backend is many times faster.',
  };
}

/** Which backend runs would get and why, and what it does not do itself. */
export async function checkBackend(request: string, registry: Registry): Promise<readonly Finding[]> {
  const subject = 'backend';
  try {
    const { name, line } = await selectBackend(request);
    const chosen: Finding = { status: name === 'cpu' ? 'warn' : 'ok', subject, detail: line };
    return name === 'native' ? [chosen, await checkFallbacks(registry)] : [chosen];
  } catch (error) {
    if (!(error instanceof PrunebenchError)) throw error;
    return [{ status: 'fail', subject, detail: error.message, remedy: error.remedy ?? '' }];
  }
}

/** Trains a convolutional network for one step on noise and counts the kernels that ran in JavaScript. */
async function checkFallbacks(registry: Registry): Promise<Finding> {
  const dataset = noise([28, 28, 1], 10);
  const model = registry.network('lenet-5-caffe');
  const session = openSession({
    dataset,
    network: model.build(dataset),
    seed: 0,
    position: 0,
    signal: new AbortController().signal,
    criteria: registry.criteria,
    initializer: model.initializer,
    stateAfter: () => Promise.reject(new RangeError('there is no earlier step')),
  });
  resetFallbackCounts();
  const state = { parameters: session.initialParameters(), masks: {} };
  await session.train(state, trainOptions.parse({ epochs: 1, batchSize: 32, learningRate: 0.01 }));
  const slow = Object.keys(fallbackCounts());
  const subject = 'fallback kernels';
  if (slow.length === 0) return { status: 'ok', subject, detail: 'none while LeNet-5 is trained' };
  return {
    status: 'warn',
    subject,
    detail: `while LeNet-5 is trained, ${slow.join(', ')} run in JavaScript`,
    remedy:
      'Training works but is slower than it could be; the README of packages/backends/native says how a kernel is added.',
  };
}

/** A dataset of Gaussian noise, one batch in each split. */
function noise(inputShape: readonly number[], classes: number): Dataset {
  const size = 32;
  const split: Split = {
    size,
    labels: Int32Array.from({ length: size }, (_, i) => i % classes),
    fill(_, out) {
      const random = randomStream(0, 'noise');
      for (let i = 0; i < out.length; i++) out[i] = random.normal();
    },
  };
  const splits = { train: split, validation: split, calibration: split, test: split };
  return { id: 'noise', inputShape, classes, splits, checksum: 'noise' };
}

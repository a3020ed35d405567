// Ten thousand eager training steps of a small convolutional network, with the resident memory after every thousand:
//   node --expose-gc scripts/leak.ts [steps]
// The garbage collector runs before each reading: what is left then is held by somebody. V8's young generation is shown
// apart: it doubles now and then up to a limit (--max-semi-space-size), stays mapped when empty, and is nobody's leak.
// The package's tests do the same over fewer steps; this run is long enough to show a leak of a kilobyte a step.
import { getHeapSpaceStatistics } from 'node:v8';
import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers'; // registers the gradients
import { fallbackCounts, registeredBackend, registerNativeBackend } from '../src/index.ts';

const steps = Number(process.argv[2] ?? 10_000);
await registerNativeBackend();
await tf.setBackend('native');

const variable = (shape: number[]) => tf.variable(tf.randomNormal(shape, 0, 0.1));
const parameters = [variable([3, 3, 1, 16]), variable([3, 3, 16, 16]), variable([256, 10]), variable([10])] as const;
const optimizer = tf.train.momentum(0.01, 0.9);

function step(): number {
  const loss = optimizer.minimize(() => {
    const [first, second, kernel, bias] = parameters;
    const x = tf.randomNormal<tf.Rank.R4>([16, 16, 16, 1]);
    const labels = tf.oneHot(tf.randomUniform([16], 0, 10, 'int32'), 10);
    const block = (input: tf.Tensor4D, filter: tf.Variable) =>
      tf.maxPool(tf.relu(tf.conv2d(input, filter as tf.Tensor as tf.Tensor4D, 1, 'same')), 2, 2, 'valid');
    const features = tf.reshape(block(block(x, first), second), [16, 256]);
    const logits = tf.add(tf.matMul(tf.dropout(features, 0.5), kernel as tf.Tensor as tf.Tensor2D), bias);
    return tf.losses.softmaxCrossEntropy(labels, logits) as tf.Scalar;
  }, true)!;
  const value = loss.dataSync()[0]!;
  loss.dispose();
  return value;
}

const youngBytes = () =>
  getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space')!.physical_space_size;

console.log(
  'steps, resident MB, without the young generation MB, JavaScript heap MB, array buffers MB, native blocks ever taken MB, tensors',
);
for (let i = 1; i <= steps; i++) {
  step();
  if (i % 1000 !== 0) continue;
  globalThis.gc?.();
  const { rss, heapUsed, arrayBuffers } = process.memoryUsage();
  const sizes = [rss, rss - youngBytes(), heapUsed, arrayBuffers, registeredBackend().pool.allocatedBytes];
  console.log([i, ...sizes.map((bytes) => (bytes / 1e6).toFixed(1)), tf.memory().numTensors].join(', '));
}
console.log('kernels that ran in JavaScript:', fallbackCounts());

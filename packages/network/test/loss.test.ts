import '@tensorflow/tfjs-backend-cpu';
import '@tensorflow/tfjs-layers';
import { INPUT, type Network } from '@prunebench/core';
import { lossOf } from '@prunebench/network';
import * as tf from '@tensorflow/tfjs-core';
import test from 'ava';

const network = (loss?: Network['loss']): Network => ({
  name: 'outputs',
  inputShape: [2],
  layers: [{ kind: 'activation', name: 'a', inputs: [INPUT], activation: 'relu' }],
  ...(loss ? { loss } : {}),
});

test.before(() => tf.setBackend('cpu'));

function valueAndGradient(loss: Network['loss'], outputs: number[][], labels: number[]) {
  const { value, grad } = tf.valueAndGrad((x) =>
    lossOf(network(loss)).mean(x as tf.Tensor2D, tf.tensor1d(labels, 'int32')),
  )(tf.tensor2d(outputs));
  return { value: value.dataSync()[0], gradient: [...grad.dataSync()] };
}

const close = (actual: number[], expected: number[]) => actual.every((x, i) => Math.abs(x - expected[i]) < 1e-6);

test('without a name the loss is softmax cross-entropy', (t) => {
  const { value, gradient } = valueAndGradient(
    undefined,
    [
      [0, Math.log(3)],
      [0, 0],
    ],
    [0, 1],
  );
  t.true(Math.abs(value - (Math.log(4) + Math.log(2)) / 2) < 1e-6);
  t.true(close(gradient, [-3 / 8, 3 / 8, 1 / 4, -1 / 4]));
});

test('squared error of one unit: half the squared distance to the label, averaged over the examples', (t) => {
  const { value, gradient } = valueAndGradient('squared-error', [[0.5], [3]], [1, 0]);
  t.true(Math.abs(value - (0.25 + 9) / 4) < 1e-6);
  t.true(close(gradient, [-0.25, 1.5]));
});

test('squared error of several units: the target is one-hot', (t) => {
  const { value, gradient } = valueAndGradient('squared-error', [[1, 2, 0]], [1]);
  t.true(Math.abs(value - (1 + 1) / 2) < 1e-6);
  t.true(close(gradient, [1, 1, 0]));
});

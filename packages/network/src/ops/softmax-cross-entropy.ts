import * as tf from '@tensorflow/tfjs-core';
import { gradientArguments } from './gradient-arguments.ts';
import { hasKernel } from './has-kernel.ts';
import { oneHot } from './one-hot.ts';

/**
 * Mean over the batch of -log softmax(logits)[label], with its gradient (softmax - one-hot) / N to the logits.
 * Exact for logits of any size: the row's maximum is subtracted first.
 *
 * @param logits [N, C]
 * @param labels [N] int32 class indices
 */
export function softmaxCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  return hasKernel(FORWARD) ? fused(logits, labels) : composed(logits, labels);
}

const FORWARD = 'SoftmaxCrossEntropy';

function fused(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const [loss] = tf.engine().runKernel<tf.Scalar[]>(FORWARD, { logits, labels });
  return loss;
}

tf.registerGradient({
  kernelName: FORWARD,
  inputsToSave: [],
  outputsToSave: [false, true],
  gradFunc: (dys, [dlogits]) => ({ logits: () => tf.mul(dlogits, [dys].flat()[0]) }),
});

function composed(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Scalar {
  const [rows, classes] = logits.shape;
  const loss = tf.customGrad((...args) => {
    const { tensors, save } = gradientArguments(args);
    const [input] = tensors;
    const targets = oneHot(labels, classes);
    const shifted = tf.sub(input, tf.max(input, 1, true));
    const exponentials = tf.exp(shifted);
    const sums = tf.sum(exponentials, 1, true);
    save([tf.div(tf.sub(tf.div(exponentials, sums), targets), rows)]);
    const ofLabel = tf.sum(tf.mul(shifted, targets), 1, true);
    return {
      value: tf.mean<tf.Scalar>(tf.sub(tf.log(sums), ofLabel)),
      gradFunc: (dy: tf.Tensor, [dlogits]: tf.Tensor[]) => tf.mul(dlogits, dy),
    };
  });
  return loss(logits);
}

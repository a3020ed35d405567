import * as tf from '@tensorflow/tfjs-core';

/** f(x), of x's shape, as a constant: its gradient into x is 0, whatever f is made of. */
export function withoutGradient(x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const constant = tf.customGrad((...args) => ({
    value: f(args[0] as tf.Tensor),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return constant(x);
}

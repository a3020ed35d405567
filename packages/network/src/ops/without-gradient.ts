import * as tf from '@tensorflow/tfjs-core';
import { gradientArguments } from './gradient-arguments.ts';

/** f(x), of x's shape, as a constant: its gradient into x is 0, whatever f is made of. */
export function withoutGradient(x: tf.Tensor, f: (x: tf.Tensor) => tf.Tensor): tf.Tensor {
  const constant = tf.customGrad((...args) => ({
    value: f(gradientArguments(args).tensors[0]),
    gradFunc: (dy: tf.Tensor) => tf.zerosLike(dy),
  }));
  return constant(x);
}

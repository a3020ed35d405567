/**
 * Half the squared error, with the target t: the label itself for a single output unit, else the one-hot class,
 *
 *     loss = ½ Σ (o − t)²,       ∂loss/∂o = o − t,       ∂²loss/∂o² = I
 */
import * as tf from '@tensorflow/tfjs-core';
import { oneHot } from '../ops/one-hot.ts';
import type { Loss, Outputs } from './loss.ts';

export const squaredError: Loss = {
  mean(outputs, labels) {
    const [examples] = outputs.shape;
    const difference = tf.squaredDifference(outputs, targets(labels, outputs));
    return tf.mul<tf.Scalar>(tf.sum(difference), 0.5 / examples);
  },
  slopes: (outputs, labels) => tf.sub(outputs, targets(labels, outputs)),
  value(o, label) {
    let sum = 0;
    for (let c = 0; c < o.length; c++) sum += (o[c] - target(o, label, c)) ** 2;
    return sum / 2;
  },
  gradient: (o, label) => Array.from(o, (value, c) => value - target(o, label, c)),
  curvature: (o) => Array.from(o, () => 1),
  curvatureFactor: (o, c) => Array.from(o, (_, k) => (k === c ? 1 : 0)),
  /** Independent signs. */
  sampledFactor: (o, random) => Array.from(o, () => (random.uniform() < 0.5 ? -1 : 1)),
  // Any number is a target.
  refuseLabel() {},
};

function targets(labels: tf.Tensor1D, { shape: [examples, units] }: tf.Tensor): tf.Tensor {
  return units === 1 ? tf.reshape(tf.cast(labels, 'float32'), [examples, 1]) : oneHot(labels, units!);
}

function target(o: Outputs, label: number, c: number): number {
  if (o.length === 1) return label;
  return c === label ? 1 : 0;
}

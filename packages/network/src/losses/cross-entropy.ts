/**
 * Softmax cross-entropy, with p = softmax(o) and e_y the one-hot label,
 *
 *     loss = −log p_y,       ∂loss/∂o = p − e_y,       ∂²loss/∂o² = diag(p) − p pᵀ = Σ_c p_c (p − e_c)(p − e_c)ᵀ
 */
import { PrunebenchError } from '@prunebench/core';
import * as tf from '@tensorflow/tfjs-core';
import { oneHot } from '../ops/one-hot.ts';
import { softmaxCrossEntropy } from '../ops/softmax-cross-entropy.ts';
import type { Loss, Outputs } from './loss.ts';

export const crossEntropy: Loss = {
  mean: softmaxCrossEntropy,
  slopes: (outputs, labels) => tf.sub(tf.softmax(outputs), oneHot(labels, outputs.shape[1]!)),
  value(o, label) {
    const largest = maximum(o);
    let sum = 0;
    for (let i = 0; i < o.length; i++) sum += Math.exp(o[i] - largest);
    return Math.log(sum) + largest - o[label];
  },
  gradient: (o, label) => softmax(o).map((p, c) => p - (c === label ? 1 : 0)),
  curvature: (o) => softmax(o).map((p) => p * (1 - p)),
  curvatureFactor(o, c) {
    const p = softmax(o);
    return p.map((value, k) => Math.sqrt(p[c]) * (value - (k === c ? 1 : 0)));
  },
  /** p − e_y for a label y that p draws. */
  sampledFactor(o, random) {
    const p = softmax(o);
    const label = draw(p, random.uniform());
    return p.map((value, c) => value - (c === label ? 1 : 0));
  },
  refuseLabel(label, units) {
    if (label >= 0 && label < units) return;
    throw new PrunebenchError(`Class ${label} has no output unit: the network has ${units}.`, {
      remedy: 'Build the network with as many output units as the dataset has classes.',
    });
  },
};

function maximum(o: Outputs): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < o.length; i++) largest = Math.max(largest, o[i]);
  return largest;
}

function softmax(o: Outputs): number[] {
  const largest = maximum(o);
  const exponentials = Array.from(o, (value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}

function draw(p: readonly number[], uniform: number): number {
  let rest = uniform;
  for (let c = 0; c < p.length - 1; c++) {
    rest -= p[c];
    if (rest < 0) return c;
  }
  return p.length - 1;
}
